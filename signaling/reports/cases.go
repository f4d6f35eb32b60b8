package reports

import (
	"context"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// Queue returns the reports in a state: open, decided, or with an empty one
// all. Open ones come first, the oldest first, then decided ones, the newest
// first; there are at most 100. *proto.Error bad_message for another state.
func (s *Service) Queue(ctx context.Context, state string) (proto.CaseReports, error) {
	if state != "" && state != string(proto.ReportOpen) && state != string(proto.ReportDecided) {
		return proto.CaseReports{}, refuse(proto.CodeBadMessage, "state is %.32q: it must be open, decided, or left out", state)
	}
	cases, err := s.Reports.Cases(ctx, proto.ReportState(state), listed)
	if err != nil {
		return proto.CaseReports{}, fmt.Errorf("list reports: %w", err)
	}
	queue := proto.CaseReports{Reports: append([]proto.CaseReport{}, cases...)}
	if err := s.complete(ctx, queue.Reports); err != nil {
		return proto.CaseReports{}, err
	}
	return queue, nil
}

// Case returns a report with both accounts' facts and, if the report revealed a
// message, that message, until it is deleted. That the operator looked at it is
// written into the audit log, each time. *proto.Error not_found if there is no
// such report.
func (s *Service) Case(ctx context.Context, operator, id string) (proto.CaseReport, error) {
	c, err := s.caseOf(ctx, id)
	if err != nil {
		return proto.CaseReport{}, err
	}
	if c.Evidence, err = s.evidence(ctx, operator, c.ID); err != nil {
		return proto.CaseReport{}, err
	}
	return c, nil
}

// caseOf is a report without what it reveals.
func (s *Service) caseOf(ctx context.Context, id string) (proto.CaseReport, error) {
	if !anID.MatchString(id) {
		return proto.CaseReport{}, errNoReport()
	}
	c, found, err := s.Reports.Case(ctx, id)
	if err != nil {
		return proto.CaseReport{}, fmt.Errorf("read a report: %w", err)
	}
	if !found {
		return proto.CaseReport{}, errNoReport()
	}
	one := []proto.CaseReport{c}
	if err := s.complete(ctx, one); err != nil {
		return proto.CaseReport{}, err
	}
	return one[0], nil
}

// complete fills in both accounts' facts, for all cases at once.
func (s *Service) complete(ctx context.Context, cases []proto.CaseReport) error {
	var ids []string
	for _, c := range cases {
		ids = append(ids, c.Reporter.Person.ID, c.About.Person.ID)
	}
	people, err := s.facts(ctx, ids...)
	if err != nil {
		return fmt.Errorf("read the accounts of a report: %w", err)
	}
	for i := range cases {
		c := &cases[i]
		c.Reporter, c.About = people[c.Reporter.Person.ID], people[c.About.Person.ID]
	}
	return nil
}

// outcomes is what each decision brings about.
var outcomes = map[proto.Decision]struct {
	suspends bool // the account is shut
	warns    bool // a letter says that there was a report
	keeps    bool // the evidence stays for a while, for whoever asks why
}{
	proto.DecisionDismiss: {},
	proto.DecisionWarn:    {warns: true, keeps: true},
	proto.DecisionSuspend: {suspends: true, keeps: true},
}

// Decide takes a decision about an open report, in force at once. What the
// report revealed is not in the answer.
//
// *proto.Error: bad_message for an unknown decision or no note; not_found;
// wrong_state if it is decided already, or the account to suspend is gone;
// not_allowed if the account is one of the staff's.
func (s *Service) Decide(ctx context.Context, operator, id string, in proto.DecisionIn) (proto.CaseReport, error) {
	outcome, ok := outcomes[in.Decision]
	if !ok {
		return proto.CaseReport{}, refuse(proto.CodeBadMessage, "decision is %.32q: it must be dismiss, warn or suspend", in.Decision)
	}
	note, err := checkedNote(in.Note)
	if err != nil {
		return proto.CaseReport{}, err
	}
	c, err := s.caseOf(ctx, id)
	if err != nil {
		return proto.CaseReport{}, err
	}
	if c.State != proto.ReportOpen {
		return proto.CaseReport{}, errDecided()
	}
	c.Decision, c.DecidedBy, c.DecidedAt, c.Note = in.Decision, operator, s.now().UnixMilli(), note
	log := []proto.AuditEntry{s.entry(operatorActor(operator), "report.decided", c.ID,
		fmt.Sprintf("decision=%s about=%s", c.Decision, c.About.Person.ID))}
	var shut *proto.Suspension
	if outcome.suspends {
		suspension, err := s.suspension(ctx, operator, c.ID, note, c.About)
		if err != nil {
			return proto.CaseReport{}, err
		}
		shut = &suspension
		log = append(log, s.suspendedEntry(suspension))
	}
	var until time.Time
	if outcome.keeps {
		until = s.now().Add(s.cfg().EvidenceRetention)
	}
	ended, done, err := s.Reports.DecideReport(ctx, c, until, shut, log...)
	if err != nil {
		return proto.CaseReport{}, fmt.Errorf("decide a report: %w", err)
	}
	if !done {
		return proto.CaseReport{}, errDecided()
	}
	if outcome.suspends {
		s.shut(ctx, c.About, ended)
	}
	s.tellDecided(ctx, c, outcome.warns)
	return s.caseOf(ctx, id)
}

func checkedNote(note string) (string, error) {
	note, err := checkedText("note", note)
	if err == nil && note == "" {
		err = refuse(proto.CodeBadMessage, "note is empty: it must say why, in 1 to %d characters", maxText)
	}
	return note, err
}

func errNoReport() error { return refuse(proto.CodeNotFound, "there is no such report") }

func errDecided() error {
	return refuse(proto.CodeWrongState, "this report has been decided already, and a decision is not taken twice")
}
