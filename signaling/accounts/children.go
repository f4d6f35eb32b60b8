package accounts

import (
	"context"
	"slices"

	"kinwire/signaling/proto"
)

// approveUnder is the age under which a parent approves new friends unless
// they decide otherwise.
const approveUnder = 13

// ChildStore is children's accounts.
type ChildStore interface {
	// AddChild makes the account and all that belongs to it, and returns
	// everybody of its family; or it does nothing and says why.
	AddChild(ctx context.Context, child proto.AccountRow, birth proto.ChildBirth, log ...proto.AuditEntry) (
		family []string, refused proto.Code, err error)
	ChildAccounts(ctx context.Context, guardianID string) ([]proto.AccountRow, error)
	// EditChild finds only children of that guardian.
	EditChild(ctx context.Context, guardianID string, child proto.AccountRow, log ...proto.AuditEntry) (found bool, err error)
}

// Children lists a parent's children in the order in which they were made.
func (s *Service) Children(ctx context.Context, parentID string) (proto.Children, error) {
	rows, err := s.store.ChildAccounts(ctx, parentID)
	if err != nil {
		return proto.Children{}, err
	}
	out := proto.Children{Children: make([]proto.Child, 0, len(rows))}
	for _, row := range rows {
		child, err := s.childOf(ctx, row)
		if err != nil {
			return proto.Children{}, err
		}
		out.Children = append(out.Children, child)
	}
	return out, nil
}

// Child returns a child as a parent sees it; *proto.Error not_found if there
// is no such child. Who may see it the caller has asked.
func (s *Service) Child(ctx context.Context, childID string) (proto.Child, error) {
	row, found, err := s.store.Account(ctx, childID)
	if err != nil {
		return proto.Child{}, err
	}
	if !found || row.Person.Role != proto.RoleChild {
		return proto.Child{}, errNoChild()
	}
	return s.childOf(ctx, row)
}

func (s *Service) childOf(ctx context.Context, row proto.AccountRow) (proto.Child, error) {
	guardians, err := s.store.GuardianPeople(ctx, row.Person.ID)
	if err != nil {
		return proto.Child{}, err
	}
	return proto.Child{
		Person: row.Person, User: row.Login, BirthDate: row.BirthDate, Country: row.Country, Gender: row.Gender, Guardians: guardians,
	}, nil
}

// ownChild returns a child of that parent; *proto.Error not_found for any
// other.
func (s *Service) ownChild(ctx context.Context, parentID, childID string) (proto.AccountRow, error) {
	row, found, err := s.store.Account(ctx, childID)
	if err != nil {
		return proto.AccountRow{}, err
	}
	if !found {
		return proto.AccountRow{}, errNoChild()
	}
	guardians, err := s.store.GuardianPeople(ctx, childID)
	if err != nil {
		return proto.AccountRow{}, err
	}
	if !slices.ContainsFunc(guardians, func(p proto.Person) bool { return p.ID == parentID }) {
		return proto.AccountRow{}, errNoChild()
	}
	return row, nil
}

// NewChild makes a child's account, with the consent that a parent has given
// for it and not used yet. Nothing about the child is stored unless that
// consent is there, holds, and is for the notice as it reads now.
func (s *Service) NewChild(ctx context.Context, parentID string, in proto.ChildNew) (proto.Child, error) {
	parent, err := s.activeAccount(ctx, parentID)
	if err != nil {
		return proto.Child{}, err
	}
	row, age, err := s.childRow(proto.ChildEdit{
		Nickname: in.Nickname, BirthDate: in.BirthDate, Country: in.Country, Avatar: in.Avatar, Gender: in.Gender,
	})
	if err != nil {
		return proto.Child{}, err
	}
	if age >= grownUp {
		return proto.Child{}, refuse(proto.CodeBadMessage,
			"birth_date is that of somebody of %d years; allowed is under %d: grown-ups sign up for themselves", age, grownUp)
	}
	if row.Login, err = userOf(in.User); err != nil {
		return proto.Child{}, err
	}
	if err := checkChildPassword(in.Password, row.Login); err != nil {
		return proto.Child{}, err
	}
	marked, err := s.marked(ctx, s.childMark(parentID, in.BirthDate))
	if err != nil {
		return proto.Child{}, err
	}
	if marked {
		return proto.Child{}, refuse(proto.CodeSuspended,
			"an account of this child was suspended, so no new one can be made; ask whoever runs this server")
	}
	if row.Password, err = s.hash.hash(ctx, normPassword(in.Password)); err != nil {
		return proto.Child{}, err
	}
	row.Person.ID, row.Person.Family, row.CreatedAt = newID(), parent.Person.Family, s.now()
	return s.addChild(ctx, row, proto.ChildBirth{
		GuardianID: parentID, ConsentID: in.ConsentID, NoticeVersion: s.cfg.NoticeVersion, ApproveFriends: age < approveUnder,
	})
}

// refusedChild is what is told about a child that was not made.
var refusedChild = map[proto.Code]string{
	proto.CodeNotAllowed: "only a parent makes a child's account",
	proto.CodeTaken:      "this user name belongs to somebody; choose another",
	proto.CodeNeedsConsent: "consent_id names no consent of yours that was granted, is for the notice as it reads now, and made no account yet; " +
		"give your consent first",
}

func (s *Service) addChild(ctx context.Context, row proto.AccountRow, birth proto.ChildBirth) (proto.Child, error) {
	family, refused, err := s.store.AddChild(ctx, row, birth, proto.AuditEntry{
		At: row.CreatedAt.UnixMilli(), Actor: birth.GuardianID, Action: "child.made", Subject: row.Person.ID,
		Detail: "consent=" + birth.ConsentID,
	})
	if err != nil {
		return proto.Child{}, err
	}
	if refused != "" {
		return proto.Child{}, refuse(refused, "%s", refusedChild[refused])
	}
	s.log.InfoContext(ctx, "account made", "id", row.Person.ID, "role", row.Person.Role)
	s.tell.Relations(family...)
	s.tell.Family(family...)
	return s.Child(ctx, row.Person.ID)
}

// childRow checks what is held about a child and returns it with the age.
func (s *Service) childRow(in proto.ChildEdit) (row proto.AccountRow, age int, err error) {
	row = proto.AccountRow{Person: proto.Person{Role: proto.RoleChild}, BirthDate: in.BirthDate, Gender: in.Gender}
	if row.Person.Name, err = nameOf("nickname", in.Nickname); err != nil {
		return row, 0, err
	}
	if row.Person.Avatar, err = avatarOf(in.Avatar); err != nil {
		return row, 0, err
	}
	if row.Country, err = countryOf(in.Country); err != nil {
		return row, 0, err
	}
	if err := checkGender(in.Gender); err != nil {
		return row, 0, err
	}
	age, err = ageOf(in.BirthDate, s.now())
	return row, age, err
}

// EditChild corrects what is held about a child.
func (s *Service) EditChild(ctx context.Context, parentID, childID string, in proto.ChildEdit) (proto.Child, error) {
	before, err := s.ownChild(ctx, parentID, childID)
	if err != nil {
		return proto.Child{}, err
	}
	row, age, err := s.childRow(in)
	if err != nil {
		return proto.Child{}, err
	}
	if age >= grownUp && in.BirthDate != before.BirthDate { // who has grown up since stays as they are
		return proto.Child{}, refuse(proto.CodeBadMessage, "birth_date is that of somebody of %d years; allowed is under %d", age, grownUp)
	}
	row.Person.ID = childID
	found, err := s.store.EditChild(ctx, parentID, row, proto.AuditEntry{
		At: s.now().UnixMilli(), Actor: parentID, Action: "child.edited", Subject: childID,
	})
	if err != nil {
		return proto.Child{}, err
	}
	if !found {
		return proto.Child{}, errNoChild()
	}
	s.tell.Relations(childID)
	return s.Child(ctx, childID)
}

// SetChildPassword sets a child's password: four or more pictures, or eight or
// more characters. The child's sessions go on.
func (s *Service) SetChildPassword(ctx context.Context, parentID, childID, password string) error {
	child, err := s.ownChild(ctx, parentID, childID)
	if err != nil {
		return err
	}
	if err := checkChildPassword(password, child.Login); err != nil {
		return err
	}
	hash, err := s.hash.hash(ctx, normPassword(password))
	if err != nil {
		return err
	}
	return s.store.SetPassword(ctx, childID, hash)
}

func errNoChild() error { return refuse(proto.CodeNotFound, "you have no such child") }
