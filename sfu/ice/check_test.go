package ice_test

import (
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
)

func TestGoodCheckIsAnsweredWithTheSendersAddress(t *testing.T) {
	for name, c := range map[string]struct{ from, seen string }{
		"IPv4":        {"198.51.100.7:40000", "198.51.100.7"},
		"IPv4 mapped": {"[::ffff:198.51.100.7]:40000", "198.51.100.7"},
		"IPv6":        {"[2001:db8::7]:40000", "2001:db8::7"},
		"link-local":  {"[fe80::7%eth0]:40000", "fe80::7"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAgent()
			p := ice.Path{Local: netip.MustParseAddrPort("192.0.2.1:3478"), Remote: netip.MustParseAddrPort(c.from)}
			b := check(t, ours, theirs)
			sent := slices.Clone(b)
			r, err := a.Check(b, p, epoch)
			require.NoError(t, err)
			require.True(t, r.Valid)
			require.False(t, r.Selected)
			require.Equal(t, sent, b, "the packet is the caller's and stays as it is")

			m := decode(t, r.Response)
			require.Equal(t, stun.BindingSuccess, m.Type)
			require.Equal(t, decode(t, b).TransactionID, m.TransactionID)
			require.NoError(t, stun.NewShortTermIntegrity(ours.Pwd).Check(m))
			require.NoError(t, stun.Fingerprint.Check(m))
			var mapped stun.XORMappedAddress
			require.NoError(t, mapped.GetFrom(m))
			require.True(t, net.ParseIP(c.seen).Equal(mapped.IP), mapped.IP)
			require.Equal(t, 40000, mapped.Port)
			require.LessOrEqual(t, len(r.Response), len(b))
		})
	}
}

func TestResponsesDoNotShareMemory(t *testing.T) {
	a := newAgent()
	first, err := a.Check(check(t, ours, theirs), udp(0), epoch)
	require.NoError(t, err)
	kept := slices.Clone(first.Response)
	_, err = a.Check(check(t, ours, theirs), udp(1), epoch)
	require.NoError(t, err)
	require.Equal(t, kept, first.Response)
}

// What is wrong with a check, what the agent says of it and to the peer.
func TestBadChecks(t *testing.T) {
	stranger := ice.Credentials{Ufrag: "stranger", Pwd: "passwordOfTheStranger123"}
	valid := check(t, ours, theirs)
	for name, c := range map[string]struct {
		packet []byte
		err    error
		code   stun.ErrorCode // 0: no answer
		signed bool
	}{
		"nothing":             {nil, ice.ErrMalformed, 0, false},
		"not STUN":            {[]byte(strings.Repeat("x", 100)), ice.ErrMalformed, 0, false},
		"cut short":           {valid[:len(valid)-4], ice.ErrMalformed, 0, false},
		"something behind":    {append(slices.Clone(valid), 0, 0, 0, 0), ice.ErrMalformed, 0, false},
		"attribute too long":  {behind(valid, stun.RawAttribute{Type: 0x8022, Value: []byte{0, 1, 0, 4}})[:len(valid)+4], ice.ErrMalformed, 0, false},
		"larger than a check": {check(t, ours, theirs, raw(0x8022, make([]byte, 1500)...)), ice.ErrMalformed, 0, false},
		"upper bits set":      {append([]byte{valid[0] | 0x40}, valid[1:]...), ice.ErrMalformed, 0, false},
		"TURN request":        {build(t, stun.NewType(stun.MethodAllocate, stun.ClassRequest), username(ours, theirs), keyed(ours)), ice.ErrMalformed, 0, false},
		"wrong fingerprint":   {append(slices.Clone(valid[:len(valid)-1]), valid[len(valid)-1]^1), ice.ErrFingerprint, 0, false},
		"fingerprint not last": {
			behind(valid, stun.RawAttribute{Type: 0x8022, Value: []byte("soft")}), ice.ErrFingerprint, 0, false},
		"no username":          {build(t, priority(), keyed(ours), stun.Fingerprint), ice.ErrIncomplete, stun.CodeBadRequest, false},
		"no integrity":         {build(t, username(ours, theirs), priority(), stun.Fingerprint), ice.ErrIncomplete, stun.CodeBadRequest, false},
		"username behind":      {behind(build(t, keyed(ours)), stun.RawAttribute{Type: stun.AttrUsername, Value: []byte("ourUfrag:theirUf")}), ice.ErrIncomplete, stun.CodeBadRequest, false},
		"nothing in it":        {build(t), ice.ErrIncomplete, 0, false}, // 20 bytes are not answered with 48
		"somebody else's":      {check(t, stranger, theirs), ice.ErrUsername, stun.CodeUnauthorized, false},
		"by somebody else":     {check(t, ours, stranger), ice.ErrUsername, stun.CodeUnauthorized, false},
		"username turned":      {check(t, theirs, ours), ice.ErrUsername, stun.CodeUnauthorized, false},
		"username without a :": {build(t, stun.NewUsername("ourUfragtheirUfrag"), keyed(ours), stun.Fingerprint), ice.ErrUsername, stun.CodeUnauthorized, false},
		"wrong password":       {build(t, username(ours, theirs), priority(), keyed(theirs), stun.Fingerprint), ice.ErrIntegrity, stun.CodeUnauthorized, false},
		"integrity too short":  {build(t, username(ours, theirs), priority(), raw(stun.AttrMessageIntegrity), stun.Fingerprint), ice.ErrIntegrity, stun.CodeUnauthorized, false},
		"controlled":           {build(t, username(ours, theirs), controlled(), keyed(ours), stun.Fingerprint), ice.ErrRole, stun.CodeRoleConflict, true},
		"both roles":           {check(t, ours, theirs, controlled(), nominate()), ice.ErrRole, stun.CodeRoleConflict, true},
		"unknown attributes":   {check(t, ours, theirs, raw(0x7777, 1, 2, 3, 4), raw(0x0003, 0, 0, 0, 6)), ice.ErrUnknown, stun.CodeUnknownAttribute, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAgent()
			r, err := a.Check(c.packet, udp(0), epoch)
			require.ErrorIs(t, err, c.err)
			require.False(t, r.Valid)
			require.False(t, r.Selected)
			require.Equal(t, ice.New, a.State(epoch))
			require.Empty(t, a.Paths())
			noneSelected(t, a)
			if c.code == 0 {
				require.Empty(t, r.Response)
				return
			}
			require.LessOrEqual(t, len(r.Response), len(c.packet), "nobody gets more than they sent")
			m := decode(t, r.Response)
			require.Equal(t, stun.BindingError, m.Type)
			var code stun.ErrorCodeAttribute
			require.NoError(t, code.GetFrom(m))
			require.Equal(t, c.code, code.Code)
			require.NoError(t, stun.Fingerprint.Check(m))
			if c.signed {
				require.NoError(t, stun.NewShortTermIntegrity(ours.Pwd).Check(m))
			} else {
				require.False(t, m.Contains(stun.AttrMessageIntegrity))
			}
		})
	}
}

func TestUnknownAttributesAreNamed(t *testing.T) {
	r, err := newAgent().Check(check(t, ours, theirs, raw(0x7777, 1), raw(0x0003)), udp(0), epoch)
	require.ErrorIs(t, err, ice.ErrUnknown)
	value, err := decode(t, r.Response).Get(stun.AttrUnknownAttributes)
	require.NoError(t, err)
	require.Equal(t, []byte{0x77, 0x77, 0x00, 0x03}, value)
}

func TestAttributesThatAreNoHindrance(t *testing.T) {
	for name, setter := range map[string]stun.Setter{
		"comprehension optional":    raw(0xC057, 0, 1, 0, 50), // GOOG-NETWORK-INFO, as Chromium sends it
		"software":                  stun.NewSoftware("a client"),
		"known but without meaning": stun.NewRealm("example.org"),
	} {
		t.Run(name, func(t *testing.T) {
			good(t, newAgent(), udp(0), epoch, setter)
		})
	}
}

func TestCheckWithoutFingerprintOrRoleIsGood(t *testing.T) {
	a := newAgent()
	r, err := a.Check(build(t, username(ours, theirs), keyed(ours)), udp(0), epoch)
	require.NoError(t, err)
	require.True(t, r.Valid)
}

// What stands behind MESSAGE-INTEGRITY may be anybody's.
func TestNothingBehindTheIntegrityCounts(t *testing.T) {
	plain := build(t, username(ours, theirs), controlling(), priority(), keyed(ours))
	for name, added := range map[string]stun.RawAttribute{
		"nomination":        {Type: stun.AttrUseCandidate},
		"unknown attribute": {Type: 0x7777, Value: []byte{1, 2, 3, 4}},
		"role":              {Type: stun.AttrICEControlled, Value: make([]byte, 8)},
		"second integrity":  {Type: stun.AttrMessageIntegrity, Value: make([]byte, 20)},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAgent()
			r, err := a.Check(behind(plain, added), udp(0), epoch)
			require.NoError(t, err)
			require.True(t, r.Valid)
			require.False(t, r.Selected)
			noneSelected(t, a)
		})
	}
}

func TestIndicationsAndResponsesComeToNothing(t *testing.T) {
	a := newAgent()
	for _, class := range []stun.MessageClass{stun.ClassIndication, stun.ClassSuccessResponse, stun.ClassErrorResponse} {
		for _, setters := range [][]stun.Setter{
			{},
			{username(ours, theirs), nominate(), keyed(ours), stun.Fingerprint},
		} {
			b := build(t, append([]stun.Setter{stun.NewType(stun.MethodBinding, class)}, setters...)...)
			r, err := a.Check(b, udp(0), epoch)
			require.NoError(t, err)
			require.Equal(t, ice.Result{}, r)
		}
	}
	require.Equal(t, ice.New, a.State(epoch))
	require.Empty(t, a.Paths())
}

func TestCheckFromNoAddress(t *testing.T) {
	_, err := newAgent().Check(check(t, ours, theirs), ice.Path{}, epoch)
	require.ErrorIs(t, err, ice.ErrNoAddress)
}

func TestEarlyCheckNeedsNoRemoteCredentials(t *testing.T) {
	a := ice.NewAgent(config, ours, epoch)
	good(t, a, udp(0), epoch)
	a.SetRemote(theirs2)
	_, err := a.Check(check(t, ours, theirs), udp(0), epoch)
	require.ErrorIs(t, err, ice.ErrUsername)
	_, err = a.Check(check(t, ours, theirs2), udp(0), epoch)
	require.NoError(t, err)
}

// The sample request of RFC 5769 section 2.1 is for the user evtj, whose
// password it names, and its sender claims to be the controlled one.
func TestRFC5769SampleRequest(t *testing.T) {
	sample, err := hex.DecodeString("" +
		"000100582112a442b7e7a701bc34d686fa87dfae" + // header
		"802200105354554e207465737420636c69656e74" + // SOFTWARE
		"002400046e0001ff" + // PRIORITY
		"80290008932ff9b151263b36" + // ICE-CONTROLLED
		"000600096576746a3a68367659202020" + // USERNAME, padded with blanks
		"000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2" + // MESSAGE-INTEGRITY
		"80280004e57a3bcf") // FINGERPRINT
	require.NoError(t, err)
	local, remote, ok := ice.Username(sample)
	require.True(t, ok)
	require.Equal(t, "evtj", string(local))
	require.Equal(t, "h6vY", string(remote))

	password := "VOkJxbRl1RmTxUk/WvJxBt"
	for pwd, want := range map[string]error{password: ice.ErrRole, password[1:] + "x": ice.ErrIntegrity} {
		_, err = ice.NewAgent(config, ice.Credentials{Ufrag: "evtj", Pwd: pwd}, epoch).Check(sample, udp(0), epoch)
		require.ErrorIs(t, err, want)
	}
}
