package signaling_test

import (
	"bytes"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing/frametest"
)

// writing: Mia and Leo write to each other, with a file, on two devices.
func writing(f *familyHouse) {
	info := good[proto.ChatInfo](f, "GET", "/v1/chat", f.token[mia], nil)
	require.Equal(f.t, []int64{1}, info.Suites)
	require.True(f.t, info.Photos)
	m, l := f.newPen(mia, f.token[mia]), f.newPen(leo, f.token[leo])
	require.Len(f.t, good[proto.ChatDevices](f, "GET", "/v1/chat/devices", f.token[mia], nil).Devices, 1)
	m.attach()
	require.Zero(f.t, l.attach().Waiting)
	c := m.starts(proto.ConversationDirect, l)
	require.EqualValues(f.t, 1, c.Epoch)
	require.Empty(f.t, c.Shut)
	welcome := l.next(proto.DeliveryWelcome)
	require.Equal(f.t, []string{l.id}, welcome.Commit.Adds)
	require.EqualValues(f.t, 2, good[proto.KeyPackagesLeft](f, "GET", "/v1/chat/devices/"+l.id+"/keys", f.token[leo], nil).Left[0].Count)
	require.Equal(f.t, c.ID, good[proto.Conversations](f, "GET", "/v1/chat/conversations", f.token[leo], nil).Conversations[0].ID)

	out := m.write(c, "hello")
	sent := m.send(out)
	in := l.next(proto.DeliveryMessage)
	require.Equal(f.t, []any{out.Body, out.Commitment, sent.Tag, sent.Seq, mia, m.id}, []any{in.Body, in.Commitment, in.Tag, in.Seq, in.SenderID, in.DeviceID})
	replied[proto.Empty](l, proto.TypeChatAck, proto.ChatAck{Pos: in.Pos})
	arrived := as[proto.ChatDelivered](f.t, m.event(proto.TypeChatDelivered))
	require.Equal(f.t, proto.ChatDelivered{ConversationID: c.ID, UserID: leo, Seq: sent.Seq}, arrived)
	l.socket.ask(0, proto.TypeChatSignal, proto.ChatSignal{ConversationID: c.ID, Body: []byte("typing")})
	require.Equal(f.t, leo, as[proto.ChatSignalled](f.t, m.event(proto.TypeChatSignalled)).SenderID)

	aFile(f, m, l, c)
	theirs := good[proto.ChatContacts](f, "GET", "/v1/children/"+mia+"/chats", f.token[priya], nil).Contacts
	require.Len(f.t, theirs, 1)
	require.Equal(f.t, leo, theirs[0].People[0].ID)

	// A second device of Leo's comes in by itself; messages of the old epoch are
	// not taken any more.
	second := f.newPen(leo, f.token[leo])
	stored := good[proto.GroupInfo](f, "GET", "/v1/chat/conversations/"+c.ID+"/group-info", f.token[leo], nil)
	require.EqualValues(f.t, 1, stored.Epoch)
	commit := second.commit(c.ID, 1, frametest.External(c.ID+":1", 1, second.leaf()), []*pen{m, l, second}, nil, nil)
	commit.Adds = nil
	done := good[proto.Committed](f, "POST", "/v1/chat/conversations/"+c.ID+"/commits", f.token[leo], commit)
	require.EqualValues(f.t, 2, done.Epoch)
	require.Equal(f.t, done, good[proto.Committed](f, "POST", "/v1/chat/conversations/"+c.ID+"/commits", f.token[leo], commit), "the same again is the same")
	text, err := proto.Encode(m.commit(c.ID, 1, nil, []*pen{m, l}, nil, []*pen{m}))
	require.NoError(f.t, err)
	f.do("POST", "/v1/chat/conversations/"+c.ID+"/commits", f.token[mia], string(text)).refusedWith(f.t, 409, proto.CodeEpochTaken)
	m.refusedWith(proto.CodeEpochTaken, proto.TypeChatSend, m.write(c, "too late"))
	require.Equal(f.t, []string{l.id}, m.next(proto.DeliveryCommit).Commit.Adds, "its own, with which it began")
	require.True(f.t, m.next(proto.DeliveryCommit).Commit.External, "Leo’s second device came in by itself")
	c = good[proto.Conversation](f, "GET", "/v1/chat/conversations/"+c.ID, f.token[mia], nil)
	require.EqualValues(f.t, 3, len(c.Leaves))
	m.send(m.write(c, "now"))

	done204(f, "DELETE", "/v1/chat/devices/"+second.id, f.token[leo])
	m.refusedWith(proto.CodeCommitNeeded, proto.TypeChatSend, m.write(c, "first the removal"))
	aGroup(f, m, l)
}

func done204(f *familyHouse, method, path, token string) {
	f.t.Helper()
	done(f, method, path, token, nil)
}

// aFile goes up in three chunks, comes down, and is gone.
func aFile(f *familyHouse, m, l *pen, c proto.Conversation) {
	file := bytes.Repeat([]byte("0123456789"), 250)
	begin := func() proto.Attachment {
		return good[proto.Attachment](f, "POST", "/v1/chat/attachments", f.token[mia], proto.AttachmentNew{ConversationID: c.ID, Size: int64(len(file))})
	}
	a := begin()
	page := "/v1/chat/attachments/" + a.ID
	chunk := func(n string) string { return page + "/chunks/" + n }
	for n, part := range []string{"0", "1", "2"} {
		body := file[n*chunkBytes : min((n+1)*chunkBytes, len(file))]
		require.Equal(f.t, http.StatusNoContent, f.octets("PUT", chunk(part), f.token[mia], body).StatusCode)
	}
	require.Equal(f.t, []int64{0, 1, 2}, good[proto.Attachment](f, "GET", page, f.token[mia], nil).Have)
	f.octets("PUT", chunk("3"), f.token[mia], []byte("x")).refusedWith(f.t, 400, proto.CodeBadMessage)
	f.octets("GET", chunk("0"), f.token[leo], nil).refusedWith(f.t, 404, proto.CodeNotFound)
	f.octets("PUT", chunk("0"), f.token[leo], file[:chunkBytes]).refusedWith(f.t, 404, proto.CodeNotFound)
	out := m.write(c, "a file")
	out.Attachments = []string{a.ID}
	m.send(out)
	l.next(proto.DeliveryMessage)
	var got []byte
	for _, part := range []string{"0", "1", "2"} {
		answer := f.octets("GET", chunk(part), f.token[leo], nil)
		require.Equal(f.t, http.StatusOK, answer.StatusCode, answer.body)
		got = append(got, answer.body...)
	}
	require.Equal(f.t, file, got)
	f.octets("GET", chunk("0"), f.token[tomek], nil).refusedWith(f.t, 404, proto.CodeNotFound)
	done204(f, "DELETE", page+"/devices/"+l.id, f.token[leo])
	f.octets("GET", chunk("0"), f.token[leo], nil).refusedWith(f.t, 404, proto.CodeNotFound)
	done204(f, "DELETE", "/v1/chat/attachments/"+begin().ID+"/devices/"+m.id, f.token[mia])
}

// aGroup of three, which Priya leaves.
func aGroup(f *familyHouse, m, l *pen) {
	p := f.newPen(priya, f.token[priya])
	c := m.starts(proto.ConversationGroup, l, p)
	require.Len(f.t, c.Members, 3)
	done204(f, "DELETE", "/v1/chat/conversations/"+c.ID, f.token[priya])
	f.do("GET", "/v1/chat/conversations/"+c.ID, f.token[priya], "").refusedWith(f.t, 404, proto.CodeNotFound)
	c = good[proto.Conversation](f, "GET", "/v1/chat/conversations/"+c.ID, f.token[mia], nil)
	require.Equal(f.t, []string{p.id}, c.Remove)
}

// TestABlockInTheMiddleOfAGroup: what waits for somebody who is blocked never
// reaches them, and the others go on when the removal is committed.
func TestABlockInTheMiddleOfAGroup(t *testing.T) {
	f := newFamilyHouse(t)
	m, l, p, o := f.newPen(mia, f.token[mia]), f.newPen(leo, f.token[leo]), f.newPen(priya, f.token[priya]), f.newPen(tomek, f.token[tomek])
	m.attach()
	p.attach()
	l.attach()
	c := m.starts(proto.ConversationGroup, l, p, o)
	p.send(p.write(c, "before"))
	l.next(proto.DeliveryMessage)
	o.attach()
	require.Equal(t, "before", lastOf(o.next(proto.DeliveryMessage).Body))
	l.socket.cut()

	done(f, "POST", "/v1/blocks", f.token[mia], proto.BlockIn{UserID: leo})
	conversation := func() proto.Conversation {
		return good[proto.Conversation](f, "GET", "/v1/chat/conversations/"+c.ID, f.token[priya], nil)
	}
	f.eventually("Leo's device is out", func() bool { return slices.Contains(conversation().Remove, l.id) })
	require.Zero(t, l.attach().Waiting, "what waited for him is gone")
	f.do("GET", "/v1/chat/conversations/"+c.ID, f.token[leo], "").refusedWith(t, 404, proto.CodeNotFound)
	p.refusedWith(proto.CodeCommitNeeded, proto.TypeChatSend, p.write(c, "after"))
	l.refusedWith(proto.CodeNotFound, proto.TypeChatSend, l.write(c, "me too"))
	commit := p.commit(c.ID, c.Epoch, nil, []*pen{m, p, o}, nil, []*pen{l})
	require.EqualValues(t, c.Epoch+1, good[proto.Committed](f, "POST", "/v1/chat/conversations/"+c.ID+"/commits", f.token[priya], commit).Epoch)
	c = conversation()
	require.Empty(t, c.Remove)
	p.send(p.write(c, "after"))
	require.Len(t, m.next(proto.DeliveryCommit).Commit.Adds, 3, "its own, with which it began")
	require.Equal(t, []string{l.id}, m.next(proto.DeliveryCommit).Commit.Removes)
	require.Equal(t, "after", lastOf(m.next(proto.DeliveryMessage).Body))
	require.Equal(t, "after", lastOf(o.next(proto.DeliveryMessage).Body))
	require.Zero(t, l.attach().Waiting)
}

// lastOf is what was put into a frame: a short text, after its length.
func lastOf(frame []byte) string {
	for n := range frame {
		if int(frame[len(frame)-1-n]) == n {
			return string(frame[len(frame)-n:])
		}
	}
	return ""
}

// TestALogOutTakesItsDeviceOut: who gives a login up is no reader any more, on
// that device; the same person's others are.
func TestALogOutTakesItsDeviceOut(t *testing.T) {
	f := newFamilyHouse(t)
	login := f.logIn("leo", "kinwire-demo")
	m, l, other := f.newPen(mia, f.token[mia]), f.newPen(leo, login), f.newPen(leo, f.token[leo])
	m.attach()
	c := m.starts(proto.ConversationGroup, l, other, f.newPen(tomek, f.token[tomek]))
	require.Len(t, c.Leaves, 4)
	require.Equal(t, http.StatusNoContent, f.do("POST", "/v1/logout", login, "").StatusCode)
	f.eventually("the device is out", func() bool {
		return slices.Equal([]string{l.id}, good[proto.Conversation](f, "GET", "/v1/chat/conversations/"+c.ID, f.token[mia], nil).Remove)
	})
	l.token = f.token[leo]
	l.socket, _ = f.come(l.token)
	l.refusedWith(proto.CodeNotFound, proto.TypeChatAttach, proto.ChatAttach{DeviceID: l.id, Secret: l.secret})
	other.attach()
}

// TestAReportRevealsOneMessage: the proof goes through the page, and the staff
// see the message; one that was changed is refused.
func TestAReportRevealsOneMessage(t *testing.T) {
	f := newFamilyHouse(t)
	m, l := f.newPen(mia, f.token[mia]), f.newPen(leo, f.token[leo])
	l.attach()
	m.attach()
	c := m.starts(proto.ConversationDirect, l)
	l.next(proto.DeliveryWelcome)
	long := string(bytes.Repeat([]byte("nasty "), 7000))
	sent := l.send(l.write(c, long))
	require.Equal(t, sent.Tag, m.next(proto.DeliveryMessage).Tag)
	report := proto.ReportNew{About: leo, Kind: proto.ReportBullying, Message: &proto.MessageEvidence{
		ConversationID: c.ID, Seq: sent.Seq, SenderID: leo, At: sent.At, Content: []byte(long), Opening: opening, Tag: sent.Tag,
	}}
	forged := *report.Message
	forged.Content = append([]byte("very "), forged.Content...)
	text, err := proto.Encode(proto.ReportNew{About: leo, Kind: proto.ReportBullying, Message: &forged})
	require.NoError(t, err)
	f.do("POST", "/v1/reports", f.token[mia], string(text)).refusedWith(t, 400, proto.CodeBadMessage)
	id := good[proto.Report](f, "POST", "/v1/reports", f.token[mia], report).ID
	shown := good[proto.CaseReport](f, "GET", "/v1/ops/reports/"+id, staffToken, nil)
	require.Equal(t, long, string(shown.Evidence.Content))
	require.NotContains(t, f.logs.String(), "nasty")
}
