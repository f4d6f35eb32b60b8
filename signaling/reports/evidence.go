package reports

import (
	"context"
	"encoding/json"
	"fmt"

	"kinwire/signaling/proto"
)

// proven verifies the message that a report about aboutID reveals, for the
// person on whose side it is made, and seals it for the report's id.
//
// *proto.Error: not_allowed where no messages can be verified; bad_message for
// a message that is not proven, not from the person whom the report is about,
// or of a conversation that person was never in.
func (s *Service) proven(ctx context.Context, reportID, person, aboutID string, e proto.MessageEvidence) ([]byte, error) {
	if s.Evidence == nil || s.d.Franking == nil || s.d.Sealer == nil {
		return nil, refuse(proto.CodeNotAllowed, "this server takes no messages with reports: report without one")
	}
	if e.SenderID != aboutID {
		return nil, refuse(proto.CodeBadMessage, "message.sender_id: the message has to be from the person whom the report is about")
	}
	if err := s.d.Franking.Verify(e); err != nil {
		return nil, fmt.Errorf("verify a reported message: %w", err)
	}
	// The tag proves that the sender wrote there; that somebody got it is
	// proven by nothing but having been there.
	was, err := s.Evidence.WasInConversation(ctx, e.ConversationID, person)
	if err != nil {
		return nil, fmt.Errorf("verify a reported message: %w", err)
	}
	if !was {
		return nil, refuse(proto.CodeBadMessage, "message.conversation_id: it has to be a conversation that you are or were in")
	}
	// With the opening and the tag, so that the proof is not lost: it can be
	// verified again as long as it is kept.
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("seal a reported message: %w", err)
	}
	sealed, err := s.d.Sealer.Seal(proto.EvidencePlace(reportID), body)
	if err != nil {
		return nil, fmt.Errorf("seal a reported message: %w", err)
	}
	return sealed, nil
}

// evidence returns what a report revealed, nil if nothing or not any more, and
// writes down that the operator looked. What cannot be opened is not shown,
// and the rest of the report is.
func (s *Service) evidence(ctx context.Context, operator, reportID string) (*proto.Evidence, error) {
	if s.Evidence == nil || s.d.Sealer == nil {
		return nil, nil
	}
	sealed, until, err := s.Evidence.ReportEvidence(ctx, reportID, s.now(), s.entry(operatorActor(operator), "report.evidence_seen", reportID, ""))
	if err != nil || len(sealed) == 0 {
		return nil, err
	}
	var e proto.MessageEvidence
	body, err := s.d.Sealer.Open(proto.EvidencePlace(reportID), sealed)
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	if err != nil {
		s.d.Log.ErrorContext(ctx, "the message of a report cannot be opened", "report", reportID, "err", err)
		return nil, nil
	}
	return &proto.Evidence{ConversationID: e.ConversationID, Seq: e.Seq, At: e.At, Content: e.Content, Until: until}, nil
}
