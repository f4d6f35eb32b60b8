package groups

import "context"

// RecheckNow carries out what Recheck has asked for, until there is no more.
func (s *Service) RecheckNow(ctx context.Context) {
	for all := s.rechecks.takeAll(); len(all) > 0; all = s.rechecks.takeAll() {
		s.recheckAll(ctx, all)
	}
}
