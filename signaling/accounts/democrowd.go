package accounts

import (
	"context"
	"fmt"

	"kinwire/signaling/proto"
)

// CrowdCircle is how many of the demo's crowd are friends of one another: as
// many as a call can hold.
const CrowdCircle = 16

// SeedCrowd makes so many more demo people, adults with the logins crowd-1,
// crowd-2 and so on and the demo's password, unless they are there. The first
// sixteen are friends of one another, the next sixteen are, and so on; nobody is
// friends with the demo families. They are for load tests. It may be repeated,
// and with a smaller number takes nobody away.
func (s *Service) SeedCrowd(ctx context.Context, people int) error {
	// Hashing is made to be slow. One hash does for a password that everybody
	// knows anyway.
	password := ""
	for from := 1; from <= people; from += CrowdCircle {
		var rows []proto.AccountRow
		var ids []string
		for n := from; n < from+CrowdCircle && n <= people; n++ {
			row := s.crowdRow(n)
			ids = append(ids, row.Person.ID)
			a, found, err := s.store.AccountByLogin(ctx, row.Login)
			if err != nil {
				return fmt.Errorf("look for the demo person %s: %w", row.Login, err)
			}
			if !found {
				rows = append(rows, row)
			} else if a.Person.ID != row.Person.ID {
				return fmt.Errorf("make the demo person %s: the login belongs to somebody else in this database", row.Login)
			}
		}
		if len(rows) == 0 {
			continue
		}
		if password == "" {
			var err error
			if password, err = s.hash.hash(ctx, demoPassword); err != nil {
				return fmt.Errorf("make the demo's crowd: %w", err)
			}
		}
		for i := range rows {
			rows[i].Password = password
		}
		if err := s.store.AddCrowd(ctx, rows); err != nil {
			return fmt.Errorf("make the demo people %s to %s: %w", rows[0].Login, rows[len(rows)-1].Login, err)
		}
		if err := s.store.BefriendDemo(ctx, ids, s.now()); err != nil {
			return fmt.Errorf("let the demo's crowd call each other: %w", err)
		}
	}
	return nil
}

func (s *Service) crowdRow(n int) proto.AccountRow {
	return proto.AccountRow{
		Person: proto.Person{ID: fmt.Sprintf("demo-crowd-%d", n), Name: fmt.Sprintf("Crowd %d", n), Avatar: "👤", Role: proto.RoleAdult, Family: "Crowd"},
		Login:  fmt.Sprintf("crowd-%d", n), Country: "PL", BirthDate: s.now().UTC().AddDate(-30, -6, 0).Format(dateForm), CreatedAt: s.now(),
	}
}
