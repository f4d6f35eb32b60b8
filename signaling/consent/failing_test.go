package consent

import (
	"context"
	"errors"

	"kinwire/signaling/proto"
	"kinwire/signaling/store"
)

// failing is a real store that can be told not to find consents.
type failing struct {
	*store.Store
	failing bool
}

func (f *failing) Consents(ctx context.Context, find proto.ConsentFind) ([]proto.ConsentRow, error) {
	if f.failing {
		return nil, errors.New("the disk is on fire")
	}
	return f.Store.Consents(ctx, find)
}
