package reports

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kinwire/signaling/proto"
)

// kinds are what a report may be about.
var kinds = []proto.ReportKind{proto.ReportBullying, proto.ReportSexual, proto.ReportViolent,
	proto.ReportImpersonation, proto.ReportSpam, proto.ReportOther}

// anID is what an id looks like; nothing else is asked of the store.
var anID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// File reports somebody, and blocks them first where that is wished.
//
// A message that the report reveals is verified; where it is not proven, no
// report is kept, and the block stands.
//
// *proto.Error: bad_message for what cannot be a report, or a message that is
// not proven, not from who is reported, or of a conversation that the reporter
// was not in; not_found if the
// reporter does not know such a person or has no such child; not_allowed for
// oneself; rate_limited over 20 reports in 24 hours, in which case the block
// stands.
func (s *Service) File(ctx context.Context, reporterID string, in proto.ReportNew) (proto.Report, error) {
	in, err := checkedReport(in)
	if err != nil {
		return proto.Report{}, err
	}
	person := reporterID
	if in.OnBehalfOf != "" {
		if err := s.d.Policy.Guards(ctx, reporterID, in.OnBehalfOf); err != nil {
			return proto.Report{}, fmt.Errorf("report for a child: %w", err)
		}
		person = in.OnBehalfOf
	}
	if in.About == person || in.About == reporterID {
		return proto.Report{}, refuse(proto.CodeNotAllowed, "this report would be about the one who makes it")
	}
	aboutID, known, err := s.Reports.ReportSubject(ctx, person, in.About)
	if err != nil {
		return proto.Report{}, fmt.Errorf("report somebody: %w", err)
	}
	if !known {
		return proto.Report{}, refuse(proto.CodeNotFound, "there is no such person among those you know")
	}
	in.About = aboutID
	blocked, blockFault := s.block(ctx, reporterID, person, in)
	report, err := s.keep(ctx, reporterID, person, in, blocked)
	if err != nil || blockFault != nil {
		return proto.Report{}, errors.Join(blockFault, err)
	}
	return report, nil
}

// block is done before anything else, and what comes of it does not keep the
// report from being stored: neither is to cost the other. A refusal (family
// may not be blocked, say) is no fault.
func (s *Service) block(ctx context.Context, reporterID, person string, in proto.ReportNew) (blocked bool, fault error) {
	if !in.Block {
		return false, nil
	}
	err := s.d.Blocker.Block(ctx, reporterID, person, in.About)
	if refusal := (*proto.Error)(nil); errors.As(err, &refusal) {
		s.d.Log.InfoContext(ctx, "a report's block was refused", "code", refusal.Code)
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("block who is reported: %w", err)
	}
	return true, nil
}

func (s *Service) keep(ctx context.Context, reporterID, person string, in proto.ReportNew, blocked bool) (proto.Report, error) {
	now := s.now()
	afterBlock := ""
	if blocked {
		afterBlock = "; the person is blocked all the same"
	}
	c := proto.CaseReport{
		ID: newID(), Kind: in.Kind, Text: in.Text, CallID: in.CallID, At: now.UnixMilli(), State: proto.ReportOpen, OnBehalfOf: in.OnBehalfOf,
		Reporter: proto.UserState{Person: proto.Person{ID: reporterID}},
		About:    proto.UserState{Person: proto.Person{ID: in.About}},
	}
	detail := fmt.Sprintf("about=%s kind=%s blocked=%t", in.About, in.Kind, blocked)
	if in.OnBehalfOf != "" {
		detail += " on_behalf_of=" + in.OnBehalfOf
	}
	var evidence []byte
	if in.Message != nil {
		var err error
		if evidence, err = s.proven(ctx, c.ID, person, in.About, *in.Message); err != nil {
			return proto.Report{}, withNote(err, afterBlock)
		}
		detail += " evidence=true"
	}
	added, err := s.Reports.AddReport(ctx, c, evidence, now.Add(-24*time.Hour), perDay, s.entry(reporterID, "report.filed", c.ID, detail))
	if err != nil {
		return proto.Report{}, fmt.Errorf("keep a report: %w", err)
	}
	if !added {
		return proto.Report{}, refuse(proto.CodeRateLimited, "you have made %d reports in the last 24 hours, and no more are taken in that time%s", perDay, afterBlock)
	}
	people, err := s.facts(ctx, person, in.About)
	if err != nil {
		// The report is there: that is what counts for the one who made it.
		s.d.Log.ErrorContext(ctx, "parents not told of a report", "err", err)
		return proto.Report{ID: c.ID, About: proto.NameOf{ID: in.About}, Kind: c.Kind, At: c.At, State: c.State, Blocked: blocked}, nil
	}
	s.tellFiled(ctx, reporterID, people[person], people[in.About])
	about := people[in.About].Person
	return proto.Report{ID: c.ID, About: proto.NameOf{ID: about.ID, Name: about.Name, Avatar: about.Avatar},
		Kind: c.Kind, At: c.At, State: c.State, Blocked: blocked}, nil
}

// withNote adds to what a refusal says; other errors stay as they are.
func withNote(err error, note string) error {
	refusal := (*proto.Error)(nil)
	if note == "" || !errors.As(err, &refusal) {
		return err
	}
	return refuse(refusal.Code, "%s%s", refusal.Message, note)
}

// checkedReport returns a report as it is kept.
func checkedReport(in proto.ReportNew) (proto.ReportNew, error) {
	if !slices.Contains(kinds, in.Kind) {
		return in, refuse(proto.CodeBadMessage, "kind is %.32q: it must be one of %v", in.Kind, kinds)
	}
	var err error
	if in.Text, err = checkedText("text", in.Text); err != nil {
		return in, err
	}
	for _, id := range []string{in.About, in.OnBehalfOf} {
		if id != "" && !anID.MatchString(id) {
			return in, refuse(proto.CodeNotFound, "there is no such person among those you know")
		}
	}
	if in.About == "" {
		return in, refuse(proto.CodeBadMessage, "about is empty: it must be the id of a person")
	}
	if in.CallID != "" && !anID.MatchString(in.CallID) {
		return in, refuse(proto.CodeBadMessage, "call_id is not the id of a call: letters, digits, - and _, at most 64")
	}
	return in, nil
}

// checkedText takes what somebody wrote, less what a database cannot keep.
func checkedText(name, text string) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", ""))
	if n := utf8.RuneCountInString(text); n > maxText {
		return "", refuse(proto.CodeBadMessage, "%s has %d characters: at most %d are allowed", name, n, maxText)
	}
	return text, nil
}

// Mine returns the reports that a person has made, the newest first, at most
// 100.
func (s *Service) Mine(ctx context.Context, userID string) (proto.ReportList, error) {
	mine, err := s.Reports.ReportsBy(ctx, userID, listed)
	if err != nil {
		return proto.ReportList{}, fmt.Errorf("list one's reports: %w", err)
	}
	return proto.ReportList{Reports: append([]proto.Report{}, mine...)}, nil
}
