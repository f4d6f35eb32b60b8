package consent

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"

	"kinwire/signaling/proto"
)

// maxResult is the largest body of a result, in bytes.
const maxResult = 4096

// redirectURL is where a check elsewhere is done: base with the reference
// among its parameters; "" where base is no address on the web.
func redirectURL(base, reference string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	q := u.Query()
	q.Set("reference", reference)
	u.RawQuery = q.Encode()
	return u.String()
}

// result is proto.ExternalResult with a Passed that can be seen to be absent.
type result struct {
	Reference string `json:"reference" validate:"required,max=128"`
	Passed    *bool  `json:"passed" validate:"required"`
}

// readResult checks that body was signed with secret and reads it. Nothing of
// a body is looked at before its signature has been found right.
func readResult(secret string, body []byte, signature string) (proto.ExternalResult, error) {
	if len(body) > maxResult {
		return proto.ExternalResult{}, tooLarge("body: given %d bytes; allowed are %d", len(body), maxResult)
	}
	if secret == "" || !hmac.Equal(sign(secret, body), unhex(signature)) {
		return proto.ExternalResult{}, &proto.Error{Code: proto.CodeUnauthenticated,
			Message: "the signature is not that of this body: expected HMAC-SHA256 in hex, with the secret that both sides share"}
	}
	r, err := proto.Decode[result](body)
	if err != nil {
		return proto.ExternalResult{}, err
	}
	return proto.ExternalResult{Reference: r.Reference, Passed: *r.Passed}, nil
}

func sign(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}

// unhex returns nil, which no signature is, for what is not hex.
func unhex(text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}

// External takes the result of a check elsewhere. signature is HMAC-SHA256
// over body, in hex. The same result may come again, which is no error and
// changes nothing: not even where the consent has been withdrawn since.
//
// Errors are unauthenticated for a wrong signature, bad_message, too_large,
// not_found for an unknown reference, wrong_state where the consent was
// decided otherwise or is over, and needs_consent where the notice has changed.
func (s *Service) External(ctx context.Context, body []byte, signature string) error {
	r, err := readResult(s.cfg.ExternalSecret, body, signature)
	if err != nil {
		return err
	}
	e, state := failed, proto.ConsentRefused
	if r.Passed {
		e, state = passed, proto.ConsentGranted
	}
	again := false
	_, err = s.do(ctx, step{
		find: proto.ConsentFind{Reference: r.Reference}, event: e, by: "system",
		may: func(_ context.Context, c proto.ConsentRow) error {
			if again = c.State == state; again {
				return refusal(c)
			}
			return nil
		},
	})
	if err != nil && !again {
		return fmt.Errorf("take the result of a check: %w", err)
	}
	return nil
}
