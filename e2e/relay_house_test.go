package e2e

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/e2e/kinwire"
	"kinwire/signaling/proto"
)

// The demo's people, who are all friends or family.
var demoPeople = []string{"priya", "mia", "tomek", "leo"}

// x25519 is the cipher suite that opaque conversations name; the server does no
// cryptography of MLS, so any will do.
const x25519 = 1

// chatDevice is a device of a Go program: what it sends is opaque, framed as MLS
// is on the outside.
type chatDevice struct {
	*client.ChatDevice
	session *client.Session
	frame   client.FrameDevice
	api     client.ChatAPI
}

// openDevice signs one of the demo's people in and makes a device.
func openDevice(t testing.TB, s *kinwire.Server, login string) *chatDevice {
	t.Helper()
	d := signIn(t, s, login)
	made, err := d.api.NewDevice(t.Context(), "a program", d.frame.SignatureKey)
	require.NoError(t, err)
	d.attach(t, client.ChatState{DeviceID: made.ID, Secret: made.Secret})
	return d
}

// openAgain signs in with a device that is there already.
func openAgain(t testing.TB, s *kinwire.Server, login string, state client.ChatState) *chatDevice {
	t.Helper()
	d := signIn(t, s, login)
	d.attach(t, state)
	return d
}

func signIn(t testing.TB, s *kinwire.Server, login string) *chatDevice {
	t.Helper()
	in, err := client.Login(t.Context(), s.URL, login, kinwire.Password)
	require.NoError(t, err)
	session, err := client.Dial(t.Context(), client.Options{BaseURL: s.URL, Token: in.Token})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return &chatDevice{session: session, api: session.ChatAPI(), frame: client.FrameDevice{UserID: in.Me.ID, SignatureKey: random(32)}}
}

func (d *chatDevice) attach(t testing.TB, state client.ChatState) {
	t.Helper()
	var err error
	d.frame.DeviceID = state.DeviceID
	d.ChatDevice, err = d.session.AttachDevice(t.Context(), client.ChatOptions{State: state})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close() })
}

// converse starts a conversation of these devices, by the first of them, and
// returns its id. It is in epoch 1 of generation 1.
func converse(t testing.TB, devices []*chatDevice) string {
	t.Helper()
	id := "g_" + strings.ToLower(rand.Text())
	group := mlsGroup(id)
	first := devices[0]
	in := proto.ConversationNew{ID: id, Kind: proto.ConversationGroup, Suite: x25519, First: proto.Commit{
		ID: "first", DeviceID: first.frame.DeviceID, Generation: 1,
		Commit: client.FrameCommit(group, 0, random(64)), Welcome: client.FrameWelcome(x25519, len(devices)-1),
	}}
	var leaves []client.FrameDevice
	people := map[string]bool{first.frame.UserID: true}
	for i, d := range devices {
		leaves = append(leaves, d.frame)
		if i > 0 {
			in.First.Adds = append(in.First.Adds, d.frame.DeviceID)
		}
		if !people[d.frame.UserID] {
			people[d.frame.UserID] = true
			in.People = append(in.People, d.frame.UserID)
		}
	}
	if len(in.People) == 1 {
		in.Kind = proto.ConversationDirect
	}
	in.First.GroupInfo = client.FrameGroupInfo(x25519, group, 1, leaves)
	made, err := first.api.NewConversation(t.Context(), in)
	require.NoError(t, err)
	require.EqualValues(t, 1, made.Epoch)
	return id
}

func mlsGroup(conversationID string) string { return proto.MLSGroupID(conversationID, 1) }

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
