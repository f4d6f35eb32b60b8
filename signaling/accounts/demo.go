package accounts

import (
	"context"
	"fmt"

	"kinwire/signaling/proto"
)

// demoPassword is everybody's password in demo mode. It is no secret: demo
// mode is for trying the thing out.
const demoPassword = "kinwire-demo"

// demoPeople are two families. Everybody may call everybody.
var demoPeople = []struct {
	login  string
	person proto.Person
}{
	{"priya", proto.Person{ID: "demo-priya", Name: "Priya", Avatar: "🌻", Role: proto.RoleParent, Family: "Sharma"}},
	{"mia", proto.Person{ID: "demo-mia", Name: "Mia", Avatar: "🦊", Role: proto.RoleChild, Family: "Sharma"}},
	{"tomek", proto.Person{ID: "demo-tomek", Name: "Tomek", Avatar: "⛵", Role: proto.RoleParent, Family: "Nowak"}},
	{"leo", proto.Person{ID: "demo-leo", Name: "Leo", Avatar: "🚀", Role: proto.RoleChild, Family: "Nowak"}},
}

// SeedDemo makes the two demo families unless they are there, and returns how
// to log in as each of them.
func (s *Service) SeedDemo(ctx context.Context) ([]DemoLogin, error) {
	logins := make([]DemoLogin, 0, len(demoPeople))
	for _, d := range demoPeople {
		if err := s.seed(ctx, d.login, d.person); err != nil {
			return nil, fmt.Errorf("make the demo person %s: %w", d.login, err)
		}
		logins = append(logins, DemoLogin{
			Login: d.login, Password: demoPassword, Name: d.person.Name, Avatar: d.person.Avatar,
			Family: d.person.Family, Role: string(d.person.Role),
		})
	}
	for _, from := range demoPeople {
		for _, to := range demoPeople {
			if from == to {
				continue
			}
			if err := s.store.AddContact(ctx, from.person.ID, to.person.ID); err != nil {
				return nil, fmt.Errorf("let the demo people call each other: %w", err)
			}
		}
	}
	return logins, nil
}

func (s *Service) seed(ctx context.Context, login string, p proto.Person) error {
	id, _, found, err := s.store.Credentials(ctx, login)
	if err != nil {
		return err
	}
	if found && id == p.ID {
		return nil // from an earlier start; spare the hash
	}
	hash, err := s.hash.hash(ctx, demoPassword)
	if err != nil {
		return err
	}
	added, err := s.store.AddPerson(ctx, p, login, hash)
	if err != nil {
		return err
	}
	if !added {
		return fmt.Errorf("the login %q or the id %q belongs to somebody else in this database", login, p.ID)
	}
	return nil
}
