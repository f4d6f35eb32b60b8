package stage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"kinwire/client"
	"kinwire/client/rehearse"
	"kinwire/signaling/proto"
)

const (
	// suite is the cipher suite that conversations name. What is in messages is
	// opaque to the server, and here it is no ciphertext.
	suite = 1
	// messagesWithin is how long messages may be under way after all else is
	// over, before they count as lost.
	messagesWithin = 10 * time.Second
)

// chat is the messages of a run: who has sent what, and to whom it came.
type chat struct {
	run     *run
	devices map[*actor]*desk
	queues  map[*actor]*jobs

	mu            sync.Mutex
	conversations map[string]string // id, by the persons in it
	sent          []*message
	byKey         map[string]*message
	strange       int // deliveries that nobody has sent
}

// desk is a participant as a device that writes.
type desk struct {
	frame client.FrameDevice
	state client.ChatState

	mu     sync.Mutex
	device *client.ChatDevice // nil while away
	taking sync.WaitGroup
}

// message is one that was sent, and how often it came whole to each device.
type message struct {
	body [sha256.Size]byte
	to   map[*actor]int
	bad  bool // it came somewhere with another body
}

// prepareChat makes devices for those who write or are written to.
func (r *run) prepareChat(ctx context.Context) error {
	c := &chat{run: r, devices: map[*actor]*desk{}, queues: map[*actor]*jobs{}, conversations: map[string]string{}, byKey: map[string]*message{}}
	r.chat = c
	persons := map[string]bool{}
	for _, s := range r.script.Steps {
		if s.Do == "message" {
			for _, n := range append([]string{s.Who}, s.With...) {
				persons[r.actor(n).me.ID] = true
			}
		}
	}
	for _, a := range r.actors {
		if !persons[a.me.ID] {
			continue
		}
		d := &desk{frame: client.FrameDevice{UserID: a.me.ID, SignatureKey: random(32)}}
		made, err := a.session.ChatAPI().NewDevice(ctx, "rehearsal", d.frame.SignatureKey)
		if err != nil {
			return fmt.Errorf("%s: make a device for messages: %w", a.name, err)
		}
		d.frame.DeviceID = made.ID
		d.state = client.ChatState{DeviceID: made.ID, Secret: made.Secret}
		c.devices[a], c.queues[a] = d, newJobs()
		if err := a.attachChat(ctx); err != nil {
			return err
		}
	}
	return nil
}

// attachChat puts the device onto the actor's session, as after a start of its
// program, and settles what was open.
func (a *actor) attachChat(ctx context.Context) error {
	d := a.run.chat.devices[a]
	if d == nil {
		return nil
	}
	d.mu.Lock()
	old := d.device
	d.mu.Unlock()
	if old != nil {
		d.state = old.State()
	}
	device, err := a.session.AttachDevice(ctx, client.ChatOptions{State: d.state})
	if err != nil {
		return fmt.Errorf("%s: attach the device for messages: %w", a.name, err)
	}
	d.mu.Lock()
	d.device = device
	d.mu.Unlock()
	d.taking.Go(func() { a.run.chat.take(a, device) })
	if _, _, err := device.Resend(ctx); err != nil {
		return fmt.Errorf("%s: send again what was under way: %w", a.name, err)
	}
	return nil
}

// sends queues what a participant writes: beside what they do in the call.
func (c *chat) sends(a *actor, work func()) { c.queues[a].add(work) }

// doMessage writes to the persons behind the participants named.
func (a *actor) doMessage(ctx context.Context, s rehearse.Step) error {
	c := a.run.chat
	d := c.devices[a]
	members := c.members(append([]string{a.name}, s.With...))
	id, err := c.converse(ctx, a, members)
	if err != nil {
		return err
	}
	for n := range max(1, s.Int("count")) {
		key := rand.Text()
		payload := fmt.Appendf(nil, "%s %d %s", key, n, s.Args["text"])
		m := &message{body: sha256.Sum256(payload), to: map[*actor]int{}}
		for _, other := range members {
			if other != a {
				m.to[other] = 0
			}
		}
		c.mu.Lock()
		c.sent = append(c.sent, m)
		c.byKey[key] = m
		c.mu.Unlock()
		if err := d.send(ctx, client.ChatOut{ConversationID: id, Body: client.Frame(proto.MLSGroupID(id, 1), 1, payload), Commitment: random(32)}); err != nil {
			return fmt.Errorf("message %d: %w", n+1, err)
		}
	}
	return nil
}

// send sends one message; where the server says that it is too many at once, it
// waits.
func (d *desk) send(ctx context.Context, out client.ChatOut) error {
	for {
		d.mu.Lock()
		device := d.device
		d.mu.Unlock()
		_, err := device.Send(ctx, out)
		var pe *proto.Error
		if !errors.As(err, &pe) || pe.Code != proto.CodeRateLimited {
			return err
		}
		if !sleepUntil(ctx, time.Now().Add(250*time.Millisecond)) {
			return err
		}
	}
}

// members are all devices of the persons behind these participants.
func (c *chat) members(names []string) []*actor {
	persons := map[string]bool{}
	for _, n := range names {
		persons[c.run.actor(n).me.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(c.run.actors), func(a *actor) bool { return !persons[a.me.ID] })
}

// converse gives the conversation of these devices, a new one the first time.
func (c *chat) converse(ctx context.Context, a *actor, members []*actor) (string, error) {
	var names []string
	for _, m := range members {
		names = append(names, m.name)
	}
	key := strings.Join(names, " ")
	c.mu.Lock()
	defer c.mu.Unlock() // two who begin at once begin one
	if id := c.conversations[key]; id != "" {
		return id, nil
	}
	session, err := a.here()
	if err != nil {
		return "", err
	}
	id := "g_" + strings.ToLower(rand.Text())
	group, own := proto.MLSGroupID(id, 1), c.devices[a].frame
	in := proto.ConversationNew{ID: id, Kind: proto.ConversationGroup, Suite: suite, First: proto.Commit{
		ID: "first", DeviceID: own.DeviceID, Generation: 1,
		Commit: client.FrameCommit(group, 0, random(64)), Welcome: client.FrameWelcome(suite, len(members)-1),
	}}
	leaves := []client.FrameDevice{own}
	for _, m := range members {
		if m == a {
			continue
		}
		f := c.devices[m].frame
		leaves = append(leaves, f)
		in.First.Adds = append(in.First.Adds, f.DeviceID)
		if f.UserID != own.UserID && !slices.Contains(in.People, f.UserID) {
			in.People = append(in.People, f.UserID)
		}
	}
	if len(in.People) <= 1 {
		in.Kind = proto.ConversationDirect
	}
	in.First.GroupInfo = client.FrameGroupInfo(suite, group, 1, leaves)
	made, err := session.ChatAPI().NewConversation(ctx, in)
	if err != nil {
		return "", fmt.Errorf("begin a conversation: %w", err)
	}
	if made.ID != id {
		return "", fmt.Errorf("begin a conversation: %s and %s have one already, with other devices; on a server that is not new, use other people, or three", names[0], names[len(names)-1])
	}
	c.conversations[key] = id
	return id, nil
}

// take takes what comes for a device until the device is given up.
func (c *chat) take(a *actor, d *client.ChatDevice) {
	for {
		in, err := d.Next(context.Background())
		if err != nil {
			return
		}
		if in.Kind == proto.DeliveryMessage {
			c.came(a, in.Body)
		}
		d.Done(in.Pos)
	}
}

// came notes a message that has come to a device.
func (c *chat) came(a *actor, body []byte) {
	_, _, payload, err := client.Unframe(body)
	key, _, _ := strings.Cut(string(payload), " ")
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.byKey[key]
	if err != nil || m == nil {
		c.strange++
		return
	}
	if sha256.Sum256(payload) != m.body {
		m.bad = true
	}
	m.to[a]++
}

// count is how many messages were sent, and how many of them did not come to
// all devices, each once and whole.
func (c *chat) count() (sent, lost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.sent {
		whole := !m.bad
		for _, n := range m.to {
			whole = whole && n == 1
		}
		if !whole {
			lost++
		}
	}
	return len(c.sent), lost
}

// settled says whether all has come, or has been waited for long enough since
// all else was over.
func (c *chat) settled(rest time.Duration) bool {
	for _, q := range c.queues {
		if !q.resting() {
			return false
		}
	}
	_, lost := c.count()
	return lost == 0 || rest > messagesWithin
}

// close gives the devices up. A server that stays forgets them.
func (c *chat) close() {
	for _, q := range c.queues {
		q.close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for a, d := range c.devices {
		d.mu.Lock()
		device := d.device
		d.mu.Unlock()
		if device != nil {
			_ = device.Close()
		}
		d.taking.Wait()
		if c.run.house.server == nil {
			if err := c.run.httpFor(a).Chat(a.token).DeleteDevice(ctx, d.frame.DeviceID); err != nil {
				c.run.event(a.name, "note", "the device for messages is left on the server: %v", err)
			}
		}
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
