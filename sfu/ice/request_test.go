package ice_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
)

const second = time.Second

var (
	epoch  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	config = ice.Config{Disconnected: 5 * second, Failed: 20 * second, Consent: 30 * second}

	ours   = ice.Credentials{Ufrag: "ourUfrag", Pwd: "ourPasswordOf24Characters"}
	theirs = ice.Credentials{Ufrag: "theirUfrag", Pwd: "theirPasswordOf24Characters"}

	ours2   = ice.Credentials{Ufrag: "ourUfrag2", Pwd: "ourSecondPasswordOfLength"}
	theirs2 = ice.Credentials{Ufrag: "theirUfrag2", Pwd: "theirSecondPasswordOfLength"}
	ours3   = ice.Credentials{Ufrag: "ourUfrag3", Pwd: "ourThirdPasswordOfALength"}
	theirs3 = ice.Credentials{Ufrag: "theirUfrag3", Pwd: "theirThirdPasswordOfALength"}
)

func at(d time.Duration) time.Time { return epoch.Add(d) }

func udp(n int) ice.Path {
	return ice.Path{
		Local:  netip.MustParseAddrPort("192.0.2.1:3478"),
		Remote: netip.AddrPortFrom(netip.MustParseAddr("198.51.100.7"), uint16(40000+n)),
	}
}

func tcp(n int) ice.Path {
	p := udp(n)
	p.Stream = uint64(n + 1)
	return p
}

// What follows are attributes of RFC 8445 section 16.1 as they go over the wire.
func controlling() stun.Setter { return raw(stun.AttrICEControlling, 1, 2, 3, 4, 5, 6, 7, 8) }
func controlled() stun.Setter  { return raw(stun.AttrICEControlled, 1, 2, 3, 4, 5, 6, 7, 8) }
func priority() stun.Setter    { return raw(stun.AttrPriority, 0x6e, 0, 0x1e, 0xff) }
func nominate() stun.Setter    { return raw(stun.AttrUseCandidate) }

type attribute stun.RawAttribute

func (a attribute) AddTo(m *stun.Message) error {
	m.Add(a.Type, a.Value)
	return nil
}

func raw(t stun.AttrType, value ...byte) stun.Setter { return attribute{Type: t, Value: value} }

func username(local, remote ice.Credentials) stun.Setter {
	return stun.NewUsername(local.Ufrag + ":" + remote.Ufrag)
}

func keyed(c ice.Credentials) stun.Setter { return stun.NewShortTermIntegrity(c.Pwd) }

func build(t require.TestingT, setters ...stun.Setter) []byte {
	m, err := stun.Build(append([]stun.Setter{stun.BindingRequest, stun.TransactionID}, setters...)...)
	require.NoError(t, err)
	return m.Raw
}

// check is a connectivity check as a full agent sends it. more goes in front
// of the integrity.
func check(t require.TestingT, local, remote ice.Credentials, more ...stun.Setter) []byte {
	setters := append([]stun.Setter{username(local, remote), controlling(), priority()}, more...)
	return build(t, append(setters, keyed(local), stun.Fingerprint)...)
}

// behind adds attributes at the end of a message, as anybody on the way can.
func behind(b []byte, attributes ...stun.RawAttribute) []byte {
	b = append([]byte(nil), b...)
	for _, a := range attributes {
		b = binary.BigEndian.AppendUint16(b, a.Type.Value())
		b = binary.BigEndian.AppendUint16(b, uint16(len(a.Value)))
		b = append(b, a.Value...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-20))
	return b
}

func newAgent() *ice.Agent {
	a := ice.NewAgent(config, ours, epoch)
	a.SetRemote(theirs)
	return a
}

// good has a accept a check and gives whether the selected path has changed.
func good(t testing.TB, a *ice.Agent, p ice.Path, now time.Time, more ...stun.Setter) bool {
	t.Helper()
	r, err := a.Check(check(t, ours, theirs, more...), p, now)
	require.NoError(t, err)
	require.True(t, r.Valid)
	require.NotEmpty(t, r.Response)
	return r.Selected
}

func selected(t testing.TB, a *ice.Agent) ice.Path {
	t.Helper()
	p, ok := a.Selected()
	require.True(t, ok, "no path is selected")
	require.True(t, a.Valid(p))
	require.Contains(t, a.Paths(), p)
	return p
}

func noneSelected(t testing.TB, a *ice.Agent) {
	t.Helper()
	_, ok := a.Selected()
	require.False(t, ok)
}

func decode(t testing.TB, b []byte) *stun.Message {
	t.Helper()
	m := new(stun.Message)
	require.NoError(t, stun.Decode(b, m))
	return m
}
