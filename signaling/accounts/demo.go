package accounts

import (
	"context"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// demoPassword is everybody's password in demo mode. It is no secret: demo
// mode is for trying the thing out.
const demoPassword = "kinwire-demo"

// DemoStore makes the demo's people into families.
type DemoStore interface {
	// SettleDemo gives a family what an older demo database lacks; what
	// somebody has changed stays.
	SettleDemo(ctx context.Context, f proto.DemoFamily, log ...proto.AuditEntry) error
	// BefriendDemo makes friends of those among whom there is nothing yet.
	BefriendDemo(ctx context.Context, ids []string, now time.Time) error
	// AddCrowd adds accounts, all of them or none.
	AddCrowd(ctx context.Context, rows []proto.AccountRow) error
}

// demoPerson is one of the demo's people. years is how old a child is.
type demoPerson struct {
	login   string
	person  proto.Person
	country string
	years   int
}

// demoFamilies are two families of a parent and a child. Everybody may call
// everybody.
var demoFamilies = [][2]demoPerson{
	{
		{"priya", proto.Person{ID: "demo-priya", Name: "Priya", Avatar: "🌻", Role: proto.RoleParent, Family: "Sharma"}, "IN", 0},
		{"mia", proto.Person{ID: "demo-mia", Name: "Mia", Avatar: "🦊", Role: proto.RoleChild, Family: "Sharma"}, "IN", 9},
	},
	{
		{"tomek", proto.Person{ID: "demo-tomek", Name: "Tomek", Avatar: "⛵", Role: proto.RoleParent, Family: "Nowak"}, "PL", 0},
		{"leo", proto.Person{ID: "demo-leo", Name: "Leo", Avatar: "🚀", Role: proto.RoleChild, Family: "Nowak"}, "PL", 10},
	},
}

var demoScopes = []proto.Scope{
	proto.ScopeCalls, proto.ScopeMessages, proto.ScopeLocation, proto.ScopePhotos, proto.ScopeSupportLogs,
}

// SeedDemo makes the two demo families unless they are there, and returns how
// to log in as each of them. It may be repeated, and brings an older demo
// database up to date.
func (s *Service) SeedDemo(ctx context.Context) ([]DemoLogin, error) {
	var logins []DemoLogin
	var ids []string
	for _, family := range demoFamilies {
		rows := [2]proto.AccountRow{s.demoRow(family[0]), s.demoRow(family[1])}
		for _, row := range rows {
			if err := s.seed(ctx, row); err != nil {
				return nil, fmt.Errorf("make the demo person %s: %w", row.Login, err)
			}
			logins = append(logins, DemoLogin{
				Login: row.Login, Password: demoPassword, Name: row.Person.Name, Avatar: row.Person.Avatar,
				Family: row.Person.Family, Role: string(row.Person.Role),
			})
			ids = append(ids, row.Person.ID)
		}
		if err := s.settle(ctx, rows[0], rows[1], family[1].years); err != nil {
			return nil, fmt.Errorf("make the demo family %s: %w", rows[0].Person.Family, err)
		}
	}
	if err := s.store.BefriendDemo(ctx, ids, s.now()); err != nil {
		return nil, fmt.Errorf("let the demo people call each other: %w", err)
	}
	return logins, nil
}

func (s *Service) demoRow(d demoPerson) proto.AccountRow {
	row := proto.AccountRow{Person: d.person, Login: d.login, Country: d.country, CreatedAt: s.now()}
	if d.years > 0 {
		row.BirthDate = s.now().UTC().AddDate(-d.years, -6, 0).Format(dateForm)
	}
	return row
}

func (s *Service) settle(ctx context.Context, parent, child proto.AccountRow, years int) error {
	consent := "cs_" + child.Person.ID
	return s.store.SettleDemo(ctx, proto.DemoFamily{
		Guardian: parent, Child: child, Scopes: demoScopes,
		Birth: proto.ChildBirth{
			GuardianID: parent.Person.ID, ConsentID: consent, NoticeVersion: s.cfg.NoticeVersion, ApproveFriends: years < approveUnder,
		},
	}, proto.AuditEntry{
		At: s.now().UnixMilli(), Actor: "system", Action: "consent.granted", Subject: consent,
		Detail: "method=demo child=" + child.Person.ID + " notice=" + s.cfg.NoticeVersion,
	})
}

func (s *Service) seed(ctx context.Context, row proto.AccountRow) error {
	a, found, err := s.store.AccountByLogin(ctx, row.Login)
	if err != nil {
		return err
	}
	if found && a.Person.ID == row.Person.ID {
		return nil // from an earlier start; spare the hash
	}
	if row.Password, err = s.hash.hash(ctx, demoPassword); err != nil {
		return err
	}
	refused, err := s.store.AddAccount(ctx, row, "", "")
	if err != nil {
		return err
	}
	if refused != "" {
		return fmt.Errorf("the login %q or the id %q belongs to somebody else in this database", row.Login, row.Person.ID)
	}
	return nil
}
