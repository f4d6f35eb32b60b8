package ice_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
)

func TestUsername(t *testing.T) {
	valid := check(t, ours, theirs)
	local, remote, ok := ice.Username(valid)
	require.True(t, ok)
	require.Equal(t, ours.Ufrag, string(local))
	require.Equal(t, theirs.Ufrag, string(remote))

	local, _, ok = ice.Username(build(t, username(ours, theirs), username(ours2, theirs2)))
	require.True(t, ok)
	require.Equal(t, ours.Ufrag, string(local), "the first of two counts")

	for name, b := range map[string][]byte{
		"nothing":       nil,
		"header only":   build(t),
		"RTP":           append([]byte{0x80, 96}, make([]byte, 100)...),
		"indication":    build(t, stun.NewType(stun.MethodBinding, stun.ClassIndication), username(ours, theirs)),
		"response":      build(t, stun.BindingSuccess, username(ours, theirs)),
		"allocate":      build(t, stun.NewType(stun.MethodAllocate, stun.ClassRequest), username(ours, theirs)),
		"cut short":     valid[:len(valid)-4],
		"longer":        append(bytes.Clone(valid), 0, 0, 0, 0),
		"no colon":      build(t, stun.NewUsername("somebody")),
		"two colons":    build(t, stun.NewUsername("some:body:else")),
		"nothing ahead": build(t, stun.NewUsername(":theirUfrag")),
		"nothing after": build(t, stun.NewUsername("ourUfrag:")),
		"no ice-chars":  build(t, stun.NewUsername("ourUfrag:their Ufrag")),
		"behind":        build(t, keyed(ours), username(ours, theirs)),
	} {
		t.Run(name, func(t *testing.T) {
			_, _, ok := ice.Username(b)
			require.False(t, ok)
		})
	}
}

func TestUsernameDoesNotAllocate(t *testing.T) {
	b := check(t, ours, theirs)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, _, ok := ice.Username(b); !ok {
			t.Fatal("not found")
		}
	}))
}

// FuzzUsername holds Username against pion's decoder, which is more lenient in
// three things: what may follow the message, the two uppermost bits, and what
// may stand behind the integrity.
func FuzzUsername(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		local, remote, ok := ice.Username(b)
		require.Equal(t, before, b)

		var m stun.Message
		err := stun.Decode(b, &m)
		var name stun.Username
		if ok {
			require.NoError(t, err)
			require.Equal(t, stun.BindingRequest, m.Type)
			require.NoError(t, name.GetFrom(&m))
			require.Equal(t, string(name), string(local)+":"+string(remote))
			return
		}
		if err != nil || m.Type != stun.BindingRequest || b[0] > 3 || len(b) > 1500 || int(m.Length) != len(b)-20 {
			return
		}
		for _, a := range m.Attributes {
			switch a.Type {
			case stun.AttrMessageIntegrity:
				return
			case stun.AttrUsername:
				local, remote, _ := bytes.Cut(a.Value, []byte{':'})
				for _, c := range []ice.Credentials{{Ufrag: string(local)}, {Ufrag: string(remote)}} {
					c.Pwd = ours.Pwd
					if c.Check() != nil {
						return
					}
				}
				t.Fatalf("pion finds %q, Username nothing", a.Value)
			}
		}
	})
}

// samples are messages as clients send them, and a few that none should.
func samples(t require.TestingT) [][]byte {
	valid := check(t, ours, theirs)
	long := bytes.Clone(valid)
	binary.BigEndian.PutUint16(long[2:], 0xfffc)
	return [][]byte{
		valid, long, valid[:20], valid[:40], nil,
		check(t, ours, theirs, nominate()),
		check(t, ours, theirs, raw(0xC057, 0, 1, 0, 50), nominate()),
		check(t, ours, theirs, raw(0x7777, 1, 2, 3)),
		check(t, theirs, ours),
		build(t, username(ours, theirs), controlled(), keyed(ours), stun.Fingerprint),
		build(t, username(ours, theirs), keyed(theirs)),
		build(t, username(ours, theirs), username(theirs, ours), keyed(ours), stun.Fingerprint),
		build(t, keyed(ours), nominate(), username(ours, theirs)),
		build(t, stun.NewType(stun.MethodBinding, stun.ClassIndication), stun.Fingerprint),
		build(t, stun.BindingSuccess, &stun.XORMappedAddress{IP: []byte{192, 0, 2, 1}, Port: 5}, keyed(ours), stun.Fingerprint),
	}
}
