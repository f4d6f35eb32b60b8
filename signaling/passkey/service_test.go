package passkey_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"kinwire/signaling/passkey"
	"kinwire/signaling/passkey/keytest"
	"kinwire/signaling/proto"
)

func TestMakeAndSignIn(t *testing.T) {
	for _, keyType := range []virtualwebauthn.KeyType{virtualwebauthn.KeyTypeEC2, virtualwebauthn.KeyTypeRSA} {
		t.Run(string(keyType), func(t *testing.T) {
			h := newHouse(t)
			list, err := h.List(t.Context(), cat.ID)
			require.NoError(t, err)
			require.Equal(t, proto.Passkeys{Passkeys: []proto.Passkey{}}, list, "an empty list, not null")

			ph := newPhone(cat)
			ph.key = keytest.New(keyType)
			key, err := h.Add(t.Context(), cat.ID, ph.makes(t, h.begin(t, cat)))
			require.NoError(t, err)
			require.Equal(t, proto.Passkey{ID: key.ID, Name: "My phone", CreatedAt: h.now.UnixMilli()}, key)

			h.now = h.now.Add(time.Hour)
			userID, err := h.Login(t.Context(), ph.signs(t, h.beginLogin(t)))
			require.NoError(t, err)
			require.Equal(t, cat.ID, userID)
			key.UsedAt = h.now.UnixMilli()
			list, err = h.List(t.Context(), cat.ID)
			require.NoError(t, err)
			require.Equal(t, []proto.Passkey{key}, list.Passkeys)

			list, err = h.List(t.Context(), dan.ID)
			require.NoError(t, err)
			require.Empty(t, list.Passkeys)
		})
	}
}

func TestOptions(t *testing.T) {
	h := newHouse(t)
	_, key := h.with(t, cat)
	c := h.begin(t, cat)
	o := c.Options.(map[string]any)
	require.Equal(t, map[string]any{"id": rpID, "name": "Kinwire"}, o["rp"])
	require.Equal(t, map[string]any{"id": "dV9jYXQ", "name": "Cat", "displayName": "Cat"}, o["user"], "the id in base64url")
	require.Equal(t, "none", o["attestation"])
	require.Equal(t, map[string]any{"residentKey": "required", "requireResidentKey": true, "userVerification": "preferred"}, o["authenticatorSelection"])
	require.EqualValues(t, 300_000, o["timeout"])
	excluded := o["excludeCredentials"].([]any)
	require.Len(t, excluded, 1)
	require.Equal(t, map[string]any{"type": "public-key", "id": key.ID}, excluded[0])
	require.GreaterOrEqual(t, len(c.Ticket), 26)
	require.NotContains(t, text(t, o), "null", "parseCreationOptionsFromJSON takes no null")

	l := h.beginLogin(t)
	o = l.Options.(map[string]any)
	require.Equal(t, rpID, o["rpId"])
	require.Equal(t, "preferred", o["userVerification"])
	require.NotContains(t, o, "allowCredentials", "whoever holds a key may come")
	require.NotContains(t, text(t, o), "null")
	require.NotEqual(t, l.Options, h.beginLogin(t).Options, "a challenge is never given twice")
}

func TestTicketIsGoodOnce(t *testing.T) {
	h := newHouse(t)
	ph := newPhone(cat)
	in := ph.makes(t, h.begin(t, cat))
	_, err := h.Add(t.Context(), cat.ID, in)
	require.NoError(t, err)
	_, err = h.Add(t.Context(), cat.ID, in)
	requireCode(t, proto.CodeWrongState, err)

	login := ph.signs(t, h.beginLogin(t))
	_, err = h.Login(t.Context(), login)
	require.NoError(t, err)
	_, err = h.Login(t.Context(), login)
	requireCode(t, proto.CodeWrongState, err, "what was overheard opens nothing")

	// A try that fails has used the ticket, too.
	c := h.beginLogin(t)
	stranger := newPhone(cat)
	_, err = h.Login(t.Context(), stranger.signs(t, c))
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.Login(t.Context(), ph.signs(t, c))
	requireCode(t, proto.CodeWrongState, err)
}

func TestTicketRunsOut(t *testing.T) {
	h := newHouse(t)
	ph, _ := h.with(t, cat)
	login, made := ph.signs(t, h.beginLogin(t)), newPhone(cat).makes(t, h.begin(t, cat))
	h.now = h.now.Add(passkey.CeremonyTime)
	_, err := h.Login(t.Context(), login)
	requireCode(t, proto.CodeWrongState, err)
	_, err = h.Add(t.Context(), cat.ID, made)
	requireCode(t, proto.CodeWrongState, err)

	login = ph.signs(t, h.beginLogin(t))
	h.now = h.now.Add(passkey.CeremonyTime - time.Millisecond)
	_, err = h.Login(t.Context(), login)
	require.NoError(t, err)
}

func TestTicketOfAnother(t *testing.T) {
	h := newHouse(t)
	ph, _ := h.with(t, cat)
	for name, ticket := range map[string]string{
		"dan's":      h.begin(t, dan).Ticket,
		"a log-in's": h.beginLogin(t).Ticket,
		"none":       "",
		"invented":   strings.Repeat("A", 26),
	} {
		in := newPhone(cat).makes(t, h.begin(t, cat))
		in.Ticket = ticket
		_, err := h.Add(t.Context(), cat.ID, in)
		requireCode(t, proto.CodeWrongState, err, name)
	}
	login := ph.signs(t, h.beginLogin(t))
	login.Ticket = h.begin(t, cat).Ticket
	_, err := h.Login(t.Context(), login)
	requireCode(t, proto.CodeWrongState, err, "the ticket of the other ceremony")

	// The right kind, of another ceremony: the challenge is not that one.
	login = ph.signs(t, h.beginLogin(t))
	login.Ticket = h.beginLogin(t).Ticket
	_, err = h.Login(t.Context(), login)
	requireCode(t, proto.CodeUnauthenticated, err)
	in := newPhone(cat).makes(t, h.begin(t, cat))
	in.Ticket = h.begin(t, cat).Ticket
	_, err = h.Add(t.Context(), cat.ID, in)
	requireCode(t, proto.CodeNotAllowed, err)
}

func TestAnotherSite(t *testing.T) {
	h := newHouse(t)
	ph, _ := h.with(t, cat)
	for name, site := range map[string]virtualwebauthn.RelyingParty{
		"a site that looks like it": {ID: rpID, Origin: "https://kinwire.example.evil.test"},
		"a name below it":           {ID: rpID, Origin: "https://other.kinwire.example"},
		"without TLS":               {ID: rpID, Origin: "http://kinwire.example"},
		"another port":              {ID: rpID, Origin: "https://kinwire.example:8443"},
		"another app":               {ID: rpID, Origin: "android:apk-key-hash:" + strings.Repeat("B", 43)},
		"another relying party":     {ID: "evil.test", Origin: origin},
	} {
		there := *ph
		there.site = site
		_, err := h.Login(t.Context(), there.signs(t, h.beginLogin(t)))
		requireCode(t, proto.CodeUnauthenticated, err, name)
		maker := newPhone(cat)
		maker.site = site
		_, err = h.Add(t.Context(), cat.ID, maker.makes(t, h.begin(t, cat)))
		requireCode(t, proto.CodeNotAllowed, err, name)
	}
	for _, o := range []string{"https://app." + rpID, "android:apk-key-hash:" + strings.Repeat("A", 43)} {
		there := *ph
		there.site.Origin = o
		_, err := h.Login(t.Context(), there.signs(t, h.beginLogin(t)))
		require.NoError(t, err, o)
	}
}

func TestForgedLogins(t *testing.T) {
	h := newHouse(t)
	ph, _ := h.with(t, cat)
	other, _ := h.with(t, dan)
	for name, change := range map[string]func(p *phone){
		"another's name on one's own key": func(p *phone) { p.auth.Options.UserHandle = []byte(dan.ID) },
		"no name":                         func(p *phone) { p.auth.Options.UserHandle = nil },
		"a key that nobody has":           func(p *phone) { p.key = keytest.New(virtualwebauthn.KeyTypeEC2) },
		"the id of another key":           func(p *phone) { p.key.ID = other.key.ID },
		"another key under this id":       func(p *phone) { p.key.Key = other.key.Key },
		"nobody was present":              func(p *phone) { p.auth.Options.UserNotPresent = true },
		"a key that can be copied now":    func(p *phone) { p.auth.Options.BackupEligible = true },
	} {
		forged := *ph
		change(&forged)
		_, err := h.Login(t.Context(), forged.signs(t, h.beginLogin(t)))
		requireCode(t, proto.CodeUnauthenticated, err, name)
	}
	unverified := *ph
	unverified.auth.Options.UserNotVerified = true
	userID, err := h.Login(t.Context(), unverified.signs(t, h.beginLogin(t)))
	require.NoError(t, err, "verification is preferred, not required")
	require.Equal(t, cat.ID, userID)
}

func TestDeletedKey(t *testing.T) {
	h := newHouse(t)
	ph, key := h.with(t, cat)
	login := ph.signs(t, h.beginLogin(t))
	requireCode(t, proto.CodeNotFound, h.Delete(t.Context(), dan.ID, key.ID), "it is not dan's")
	require.NoError(t, h.Delete(t.Context(), cat.ID, key.ID))
	requireCode(t, proto.CodeNotFound, h.Delete(t.Context(), cat.ID, key.ID))
	_, err := h.Login(t.Context(), login)
	requireCode(t, proto.CodeUnauthenticated, err)
}

func TestCounter(t *testing.T) {
	h := newHouse(t)
	ph, _ := h.with(t, cat)
	login := func(counter uint32) error {
		ph.key.Counter = counter
		_, err := h.Login(t.Context(), ph.signs(t, h.beginLogin(t)))
		return err
	}
	require.NoError(t, login(0), "no counter")
	require.NoError(t, login(0))
	require.NoError(t, login(7))
	require.Empty(t, h.log.String())
	requireCode(t, proto.CodeNotAllowed, login(7))
	requireCode(t, proto.CodeNotAllowed, login(6))
	requireCode(t, proto.CodeNotAllowed, login(0))
	require.Equal(t, 3, strings.Count(h.log.String(), "there may be a copy"))
	require.Contains(t, h.log.String(), "person=u_cat stored=7 given=6")
	require.NoError(t, login(8), "the stored counter did not go back")
}

func TestLimit(t *testing.T) {
	h := newHouse(t)
	last := newPhone(cat).makes(t, h.begin(t, cat))
	for range passkey.MaxKeys {
		h.with(t, cat)
	}
	_, err := h.Begin(t.Context(), cat)
	requireCode(t, proto.CodeNotAllowed, err)
	require.ErrorContains(t, err, "at most 10")
	_, err = h.Add(t.Context(), cat.ID, last)
	requireCode(t, proto.CodeNotAllowed, err, "begun in time, finished too late")
	list, err := h.List(t.Context(), cat.ID)
	require.NoError(t, err)
	require.Len(t, list.Passkeys, passkey.MaxKeys)
	h.with(t, dan)
}

func TestKeyInUse(t *testing.T) {
	h := newHouse(t)
	ph, _ := h.with(t, cat)
	again := *ph
	again.auth.Options.UserHandle = []byte(dan.ID)
	_, err := h.Add(t.Context(), dan.ID, again.makes(t, h.begin(t, dan)))
	requireCode(t, proto.CodeTaken, err)
	userID, err := h.Login(t.Context(), ph.signs(t, h.beginLogin(t)))
	require.NoError(t, err)
	require.Equal(t, cat.ID, userID, "it stays whose it was")
}

func TestBadInput(t *testing.T) {
	h := newHouse(t)
	ph, _ := h.with(t, cat)
	c := h.begin(t, cat)
	good := newPhone(cat).makes(t, c)
	for name, v := range map[string]string{"none": "", "spaces": "  ", "too long": strings.Repeat("ž", 65), "a line break": "a\nb", "not UTF-8": "\xff"} {
		in := good
		in.Name = v
		_, err := h.Add(t.Context(), cat.ID, in)
		requireCode(t, proto.CodeBadMessage, err, name)
	}
	for name, v := range map[string]any{
		"nothing": nil, "a number": 7, "a list": []any{}, "empty": map[string]any{}, "not JSON": func() {},
		"half of it":            map[string]any{"id": "AA", "rawId": "AA", "type": "public-key", "response": map[string]any{"clientDataJSON": "e30"}},
		"of the other ceremony": ph.signs(t, h.beginLogin(t)).Response,
	} {
		in := good
		in.Response = v
		_, err := h.Add(t.Context(), cat.ID, in)
		requireCode(t, proto.CodeBadMessage, err, name)
	}
	for name, v := range map[string]any{"nothing": nil, "empty": map[string]any{}, "of the other ceremony": good.Response} {
		login := ph.signs(t, h.beginLogin(t))
		login.Response = v
		_, err := h.Login(t.Context(), login)
		requireCode(t, proto.CodeBadMessage, err, name)
	}
	huge := good
	huge.Response = map[string]any{"id": strings.Repeat("A", 65<<10)}
	_, err := h.Add(t.Context(), cat.ID, huge)
	requireCode(t, proto.CodeTooLarge, err)

	_, err = h.Add(t.Context(), cat.ID, good)
	require.NoError(t, err, "what was malformed has not used up the ticket")
}

// TestNothingNeedless: what says which device somebody has is not kept.
func TestNothingNeedless(t *testing.T) {
	h := newHouse(t)
	ph, key := h.with(t, cat)
	_, credential, found, err := h.store.PasskeyCredential(t.Context(), key.ID)
	require.NoError(t, err)
	require.True(t, found)
	aaguid, err := json.Marshal(ph.auth.Aaguid[:])
	require.NoError(t, err)
	require.NotContains(t, credential, strings.Trim(string(aaguid), `"`))
	for _, needless := range []string{"packed", "clientDataJSON", cat.Name + `"`} {
		require.NotContains(t, credential, needless)
	}
	require.Less(t, len(credential), 1000)
}

func TestConfigRefused(t *testing.T) {
	for says, cfg := range map[string]passkey.Config{
		"no RPID":               {Origins: []string{origin}},
		"at least one":          {RPID: rpID},
		"must be the RPID":      {RPID: rpID, Origins: []string{"https://other.example"}},
		"must be the RPID \"ki": {RPID: rpID, Origins: []string{"https://notkinwire.example"}},
		"over https only":       {RPID: rpID, Origins: []string{"http://kinwire.example"}},
		"scheme://host":         {RPID: rpID, Origins: []string{"https://kinwire.example/"}},
		"scheme://host, with":   {RPID: rpID, Origins: []string{"kinwire.example"}},
		"RPID":                  {RPID: "https://kinwire.example", Origins: []string{origin}},
	} {
		_, err := passkey.New(nil, time.Now, cfg)
		require.ErrorContains(t, err, says, fmt.Sprintf("%+v", cfg))
	}
	_, err := passkey.New(nil, time.Now, passkey.Config{RPID: "localhost", Origins: []string{"http://localhost:8080"}})
	require.NoError(t, err)
}
