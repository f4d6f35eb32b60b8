package consent

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func signed(body string) string { return hex.EncodeToString(sign(secret, []byte(body))) }

func resultBody(reference string, passed bool) string {
	return fmt.Sprintf(`{"reference":%q,"passed":%t}`, reference, passed)
}

func (h *house) external(t require.TestingT, reference string, passed bool) error {
	body := resultBody(reference, passed)
	return h.External(context.Background(), []byte(body), signed(body))
}

func TestExternal(t *testing.T) {
	h := newHouse(t)
	c := h.start(t, "u_ana", proto.MethodExternal, "")
	other := h.start(t, "u_ana", proto.MethodExternal, "")
	reference := h.reference(t, c.ID)
	require.NotEqual(t, reference, h.reference(t, other.ID))
	require.NotContains(t, reference, strings.TrimPrefix(c.ID, "cs_"), "who sees the reference elsewhere learns no id")
	require.Empty(t, h.listedReview(t), "no operator is asked")

	require.NoError(t, h.external(t, reference, true))
	require.Equal(t, proto.ConsentGranted, h.listed(t, "u_ana", c.ID).State)
	require.Empty(t, h.listed(t, "u_ana", c.ID).RedirectURL)
	require.Equal(t, proto.ConsentPending, h.listed(t, "u_ana", other.ID).State)
	entries := len(h.logged(t))
	require.NoError(t, h.external(t, reference, true), "who is not sure whether it arrived may repeat it")
	requireCode(t, proto.CodeWrongState, h.external(t, reference, false))
	require.Equal(t, proto.ConsentGranted, h.listed(t, "u_ana", c.ID).State)
	require.NoError(t, h.Withdraw(t.Context(), "u_ana", c.ID))
	requireCode(t, proto.CodeWrongState, h.external(t, reference, true))
	require.Equal(t, proto.ConsentWithdrawn, h.listed(t, "u_ana", c.ID).State, "replayed, it grants nothing")
	require.Len(t, h.logged(t), entries+1)

	reference = h.reference(t, other.ID)
	require.NoError(t, h.external(t, reference, false))
	require.NoError(t, h.external(t, reference, false))
	requireCode(t, proto.CodeWrongState, h.external(t, reference, true))
	require.Equal(t, proto.ConsentRefused, h.listed(t, "u_ana", other.ID).State)

	late := h.start(t, "u_ana", proto.MethodExternal, "")
	reference = h.reference(t, late.ID)
	h.now = h.now.Add(48 * time.Hour)
	requireCode(t, proto.CodeWrongState, h.external(t, reference, true))
}

func (h *house) listedReview(t require.TestingT) []proto.Review {
	list, err := h.Reviews(context.Background())
	require.NoError(t, err)
	return list.Reviews
}

func TestExternalRefuses(t *testing.T) {
	h := newHouse(t)
	c := h.start(t, "u_ana", proto.MethodExternal, "")
	reference := h.reference(t, c.ID)
	good := resultBody(reference, true)
	cases := map[string]struct {
		body, signature string
		code            proto.Code
	}{
		"no signature":       {good, "", proto.CodeUnauthenticated},
		"not hex":            {good, "zz", proto.CodeUnauthenticated},
		"half a signature":   {good, signed(good)[:32], proto.CodeUnauthenticated},
		"of another body":    {good, signed(resultBody(reference, false)), proto.CodeUnauthenticated},
		"of another secret":  {good, hex.EncodeToString(sign("x", []byte(good))), proto.CodeUnauthenticated},
		"a space more":       {good + " ", signed(good), proto.CodeUnauthenticated},
		"not JSON":           {"passed", signed("passed"), proto.CodeBadMessage},
		"nothing":            {"", signed(""), proto.CodeBadMessage},
		"no result":          {`{"reference":"x"}`, signed(`{"reference":"x"}`), proto.CodeBadMessage},
		"no reference":       {`{"passed":true}`, signed(`{"passed":true}`), proto.CodeBadMessage},
		"an empty reference": {resultBody("", true), signed(resultBody("", true)), proto.CodeBadMessage},
		"an unknown field":   {`{"reference":"x","passed":true,"name":"Ana"}`, signed(`{"reference":"x","passed":true,"name":"Ana"}`), proto.CodeBadMessage},
		"unknown reference":  {resultBody("x_1", true), signed(resultBody("x_1", true)), proto.CodeNotFound},
		"its id":             {resultBody(c.ID, true), signed(resultBody(c.ID, true)), proto.CodeNotFound},
		"too large":          {strings.Repeat(" ", maxResult+1), signed(strings.Repeat(" ", maxResult+1)), proto.CodeTooLarge},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			requireCode(t, k.code, h.External(t.Context(), []byte(k.body), k.signature))
		})
	}
	require.Equal(t, proto.ConsentPending, h.listed(t, "u_ana", c.ID).State)
	require.NoError(t, h.External(t.Context(), []byte(good), strings.ToUpper(signed(good))))

	cfg := config()
	cfg.ExternalSecret = ""
	open := h.with(cfg)
	requireCode(t, proto.CodeUnauthenticated, open.External(t.Context(), []byte(good), hex.EncodeToString(sign("", []byte(good)))))
}

// FuzzExternal: without the right signature nothing is granted, whatever the
// body, and nothing makes it fall over. mode says how the body is signed.
func FuzzExternal(f *testing.F) {
	h := newHouse(f)
	c := h.start(f, "u_ana", proto.MethodExternal, "")
	reference := h.reference(f, c.ID)
	f.Add([]byte(resultBody(reference, true)), "")
	f.Add([]byte(resultBody(reference, true)), "00")
	f.Add([]byte(`{"reference":"x","passed":null}`), signed(`{"reference":"x","passed":null}`))
	f.Add([]byte(`{"passed":1e999}`), signed(`{"passed":1e999}`))
	f.Add([]byte(`[[[[`), "=")
	f.Add([]byte{}, signed(""))
	f.Fuzz(func(t *testing.T, body []byte, signature string) {
		err := h.External(t.Context(), body, signature)
		if err == nil {
			t.Fatalf("taken: %q signed %q", body, signature)
		}
		var refused *proto.Error
		require.ErrorAs(t, err, &refused)
		require.Equal(t, proto.ConsentPending, h.listed(t, "u_ana", c.ID).State)

		// The same body, rightly signed, for a reference that nobody has.
		var result proto.ExternalResult
		if json.Unmarshal(body, &result) == nil && result.Reference == reference {
			return
		}
		require.ErrorAs(t, h.External(t.Context(), body, hex.EncodeToString(sign(secret, body))), &refused)
	})
}
