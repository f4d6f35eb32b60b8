package consent

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"kinwire/signaling/proto"
)

// maxForm is the largest form, decoded, in bytes.
const maxForm = 2 << 20

// formats are how a file of each kind that is taken begins.
var formats = []struct{ mediaType, magic string }{
	{"image/jpeg", "\xff\xd8\xff"},
	{"image/png", "\x89PNG\r\n\x1a\n"},
	{"application/pdf", "%PDF-"},
}

// Form hands in the picture of a signed form; then an operator looks at it.
// Errors are not_found for somebody else's consent, wrong_state for one that
// waits for no form, bad_message for what is no base64 or not of the kind that
// it says, and too_large.
func (s *Service) Form(ctx context.Context, parentID, id string, in proto.SignedForm) (proto.Consent, error) {
	body, err := readForm(in)
	if err != nil {
		return proto.Consent{}, err
	}
	c, err := s.do(ctx, step{
		find: proto.ConsentFind{ID: id}, event: handedIn, by: parentID,
		evidence: &proto.ConsentEvidence{MediaType: in.MediaType, Body: body, StoredAt: s.now().UnixMilli()},
		may: func(_ context.Context, c proto.ConsentRow) error {
			if c.GuardianID != parentID {
				return errNoConsent()
			}
			return nil
		},
	})
	if err != nil {
		return proto.Consent{}, fmt.Errorf("hand in a form: %w", err)
	}
	s.poke()
	return s.view(c, parentID), nil
}

// readForm checks a form and returns its base64 in the one form that there is.
func readForm(in proto.SignedForm) (string, error) {
	if len(in.Body) > base64.StdEncoding.EncodedLen(maxForm)+4096 { // some wrap lines
		return "", tooLarge("body: given %d characters; allowed are %d bytes when decoded", len(in.Body), maxForm)
	}
	body, err := base64.StdEncoding.Strict().DecodeString(in.Body)
	if err != nil {
		return "", bad("body: given something that is not base64; allowed is standard base64 (RFC 4648, section 4)")
	}
	if len(body) > maxForm {
		return "", tooLarge("body: given %d bytes when decoded; allowed are %d", len(body), maxForm)
	}
	var known []string
	for _, f := range formats {
		if f.mediaType != in.MediaType {
			known = append(known, f.mediaType)
			continue
		}
		if !bytes.HasPrefix(body, []byte(f.magic)) {
			return "", bad("body: given something that does not begin like %s", in.MediaType)
		}
		return base64.StdEncoding.EncodeToString(body), nil
	}
	return "", bad("media_type: given %q; allowed are %s", short(in.MediaType), strings.Join(known, ", "))
}
