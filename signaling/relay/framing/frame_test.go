package framing_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/relay/framing"
	"kinwire/signaling/relay/framing/frametest"
)

const group = "g_abcdefghijklmnopqrstuvwxyz:1"

func samples(tb testing.TB) map[string][]byte {
	tb.Helper()
	file, err := os.ReadFile("testdata/tsmls.json")
	require.NoError(tb, err)
	var texts map[string]string
	require.NoError(tb, json.Unmarshal(file, &texts))
	all := map[string][]byte{}
	for name, text := range texts {
		all[name], err = hex.DecodeString(text)
		require.NoError(tb, err)
	}
	return all
}

// seen is a Frame without the keys, which are different in each run of what
// made the samples.
type seen struct {
	wire              framing.Wire
	group             string
	epoch             int64
	content           framing.Content
	suite             int64
	newMember, isOpen bool
	leaf              string
	joiners           int
	leaves            string
}

func look(f framing.Frame) seen {
	ids := []string{}
	for _, l := range f.Leaves {
		ids = append(ids, l.Identity)
	}
	return seen{f.Wire, f.GroupID, f.Epoch, f.Content, f.CipherSuite, f.NewMember, f.Open, f.Leaf.Identity, f.Joiners, strings.Join(ids, " ")}
}

// TestRealMessages reads what another implementation of MLS has written.
func TestRealMessages(t *testing.T) {
	want := func(suite int64) map[string]seen {
		info := func(epoch int64, leaves string) seen {
			return seen{wire: framing.GroupInfo, group: group, epoch: epoch, suite: suite, isOpen: leaves != "", leaves: leaves}
		}
		in := func(wire framing.Wire, epoch int64, content framing.Content) seen {
			return seen{wire: wire, group: group, epoch: epoch, content: content}
		}
		by := func(epoch int64, who string) seen {
			s := in(framing.PublicMessage, epoch, framing.Commit)
			s.newMember, s.leaf = true, who
			return s
		}
		return map[string]seen{
			"key-package":               {wire: framing.KeyPackage, suite: suite, leaf: "u_ben/md_b1"},
			"commit-private":            in(framing.PrivateMessage, 0, framing.Commit),
			"welcome-of-two":            {wire: framing.Welcome, suite: suite, joiners: 2},
			"group-info-of-three":       info(1, "u_ana/md_a1 u_ben/md_b1 u_cat/md_c1"),
			"group-info-without-tree":   info(1, ""),
			"application":               in(framing.PrivateMessage, 1, framing.Application),
			"proposal-private":          in(framing.PrivateMessage, 1, framing.Proposal),
			"proposal-public":           in(framing.PublicMessage, 1, framing.Proposal),
			"commit-public":             in(framing.PublicMessage, 1, framing.Commit),
			"group-info-with-a-gap":     info(2, "u_ana/md_a1 u_cat/md_c1"),
			"external-commit":           by(2, "u_ben/md_b2"),
			"group-info-after-external": info(3, "u_ana/md_a1 u_ben/md_b2 u_cat/md_c1"),
			"external-commit-again":     by(3, "u_cat/md_c1"),
			"group-info-after-again":    info(4, "u_ana/md_a1 u_ben/md_b2 u_cat/md_c1"),
		}
	}
	all := samples(t)
	n := 0
	for prefix, suite := range map[string]int64{"classic/": 1, "hybrid/": 83} {
		for name, expected := range want(suite) {
			f, err := framing.Parse(all[prefix+name])
			require.NoError(t, err, prefix+name)
			require.Equal(t, expected, look(f), prefix+name)
			for _, leaf := range append(f.Leaves, f.Leaf) {
				require.Len(t, leaf.SignatureKey, map[bool]int{true: 32, false: 0}[leaf.Identity != ""])
			}
			n++
		}
	}
	require.Len(t, all, n, "every sample is looked at")

	// The device that came in again has the key that it had.
	before, err := framing.Parse(all["classic/group-info-of-three"])
	require.NoError(t, err)
	again, err := framing.Parse(all["classic/external-commit-again"])
	require.NoError(t, err)
	require.Equal(t, before.Leaves[2], again.Leaf)
}

// TestCutAndTouched: of a real message no part is whole, nothing may follow
// it, and its numbers have to be known ones.
func TestCutAndTouched(t *testing.T) {
	for name, b := range samples(t) {
		if strings.Contains(name, "proposal-public") {
			continue // is not read to its end, see readPublic
		}
		step := max(1, len(b)/300)
		for n := 0; n < len(b); n += step {
			_, err := framing.Parse(b[:n:n])
			require.Error(t, err, "%s cut to %d of %d bytes", name, n, len(b))
		}
		_, err := framing.Parse(append(b[:len(b):len(b)], 0))
		require.ErrorContains(t, err, "left over", name)
		for at, bad := range map[int]byte{0: 1, 1: 2, 2: 1, 3: 0} {
			touched := append([]byte{}, b...)
			touched[at] = bad
			_, err := framing.Parse(touched)
			require.Error(t, err, "%s with byte %d changed", name, at)
		}
	}
}

func TestMalformed(t *testing.T) {
	app := frametest.Application(group, 7, []byte("x"))
	epochAt := 4 + 1 + len(group)
	change := func(b []byte, at int, to ...byte) []byte {
		b = append([]byte{}, b...)
		copy(b[at:], to)
		return b
	}
	info := frametest.GroupInfo(1, group, 1, frametest.Leaf{Identity: "u/a"})
	cases := []struct {
		says string
		b    []byte
	}{
		{"ends within the version", nil},
		{"version is 2", []byte{0, 2, 0, 2}},
		{"wire format 6 is not known", []byte{0, 1, 0, 6}},
		{"wire format 0 is not known", []byte{0, 1, 0, 0}},
		{"below 2^63", change(app, epochAt, 0x80)},
		{"content type 0 is not known", change(app, epochAt+8, 0)},
		{"content type 4 is not known", change(app, epochAt+8, 4)},
		{"begin", change(app, 4, 0xc0)},
		{"as few as possible", append([]byte{0, 1, 0, 2, 0x40, 3}, "abc"...)},
		{"as few as possible", append([]byte{0, 1, 0, 2, 0x80, 0, 0, 3}, "abc"...)},
		{"ends within the group id", []byte{0, 1, 0, 2, 0xbf, 0xff, 0xff, 0xff, 0}},
		{"sender type 5", change(frametest.External(group, 1, frametest.Leaf{}), epochAt+8, 5)},
		{"ends with a blank node, or has none", frametest.GroupInfo(1, group, 1)},
		{"of type 2", change(info, strings.Index(string(info), "u/a")-2, 2)},
		{"the group’s version is 9", change(info, 4, 0, 9)},
	}
	for _, c := range cases {
		_, err := framing.Parse(c.b)
		require.ErrorContains(t, err, c.says)
	}
	require.Equal(t, "wire format 9", framing.Wire(9).String())
	require.Equal(t, "Welcome", framing.Welcome.String())
}

// TestMade: what frametest makes is read as what it is meant to be, of all
// sizes.
func TestMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gid := rapid.StringN(0, 300, 20000).Draw(t, "group")
		epoch := rapid.Int64Range(0, 1<<62).Draw(t, "epoch")
		suite := rapid.Int64Range(1, 65535).Draw(t, "suite")
		payload := make([]byte, rapid.SampledFrom([]int{0, 1, 63, 64, 16383, 16384, 70000}).Draw(t, "size"))
		ids := rapid.SliceOfN(rapid.StringN(1, 40, 80), 1, 40).Draw(t, "leaves")
		leaves := []frametest.Leaf{}
		for _, id := range ids {
			leaves = append(leaves, frametest.Leaf{Identity: id, SignatureKey: []byte(id)})
		}
		parse := func(b []byte) seen {
			f, err := framing.Parse(b)
			require.NoError(t, err)
			return look(f)
		}
		in := seen{wire: framing.PrivateMessage, group: gid, epoch: epoch, content: framing.Application}
		require.Equal(t, in, parse(frametest.Application(gid, epoch, payload)))
		in.content = framing.Commit
		require.Equal(t, in, parse(frametest.Commit(gid, epoch, payload)))
		in.wire, in.newMember, in.leaf = framing.PublicMessage, true, ids[0]
		require.Equal(t, in, parse(frametest.External(gid, epoch, leaves[0])))
		require.Equal(t, seen{wire: framing.Welcome, suite: suite, joiners: len(ids)}, parse(frametest.Welcome(suite, len(ids), payload)))
		require.Equal(t, seen{wire: framing.GroupInfo, suite: suite, group: gid, epoch: epoch, isOpen: true, leaves: strings.Join(ids, " ")},
			parse(frametest.GroupInfo(suite, gid, epoch, leaves...)))
		require.Equal(t, seen{wire: framing.KeyPackage, suite: suite, leaf: ids[0]}, parse(frametest.KeyPackage(suite, leaves[0], payload)))
	})
}

func FuzzParse(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(b)
	}
	f.Add(frametest.Welcome(1, 3, nil))
	f.Add(frametest.GroupInfo(1, group, 1, frametest.Leaf{Identity: "u/a"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := framing.Parse(b)
		if err != nil {
			require.Equal(t, framing.Frame{}, frame, "what cannot be read says nothing")
			return
		}
		require.NotZero(t, frame.Wire)
		require.GreaterOrEqual(t, frame.Epoch, int64(0))
		require.LessOrEqual(t, len(frame.Leaves)+frame.Joiners, len(b), "nothing is made up")
		if frame.Open {
			require.NotEmpty(t, frame.Leaves)
		}
		if frame.Wire != framing.PublicMessage || frame.Content != framing.Proposal {
			_, err = framing.Parse(append(b[:len(b):len(b)], 0))
			require.Error(t, err, "it was read to its end")
		}
	})
}
