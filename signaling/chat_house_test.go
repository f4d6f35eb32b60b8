package signaling_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
	"kinwire/signaling/relay"
	"kinwire/signaling/relay/blobs"
	"kinwire/signaling/relay/framing/frametest"
	"kinwire/signaling/relay/frank"
	"kinwire/signaling/relay/groups"
	"kinwire/signaling/relay/seal"
	"kinwire/signaling/store"
)

// letters is the rooms of messages, all of them real.
type letters struct {
	relay  *relay.Service
	groups *groups.Service
	blobs  *blobs.Service
	keys   *frank.Keys
	seals  *seal.Ring
	stop   func() // and wait
}

const chunkBytes = 1000

func newLetters(t *testing.T, db *store.Store, rules *policy.Service, hub *signaling.Hub, log *slog.Logger) *letters {
	l := &letters{}
	file := filepath.Join(t.TempDir(), "relay-keys")
	require.NoError(t, seal.NewFile(file, time.Now()))
	var err error
	l.seals, err = seal.Open(t.Context(), seal.File(file))
	require.NoError(t, err)
	l.keys, err = frank.New(frank.Key{ID: "k1", Secret: bytes.Repeat([]byte{7}, 32)})
	require.NoError(t, err)
	l.relay = relay.New(db, time.Now, relay.Config{}, relay.Deps{Policy: rules, Sealer: l.seals, Franker: l.keys, Notifier: hub, Log: log})
	l.groups = groups.New(db, time.Now, groups.Config{Suites: []int64{1}}, groups.Deps{Policy: rules, Sealer: l.seals, Hints: l.relay, Notifier: hub, Log: log})
	folder, err := blobs.NewDir(t.TempDir())
	require.NoError(t, err)
	l.blobs, err = blobs.New(db, folder, time.Now, blobs.Config{MaxSize: 1 << 20, ChunkBytes: chunkBytes, PerPerson: 1 << 20, Retention: time.Hour}, blobs.Deps{Policy: rules, Log: log})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { l.relay.Run(ctx) })
	all.Go(func() { l.groups.Run(ctx) })
	all.Go(func() { l.blobs.Run(ctx) })
	l.stop = func() {
		cancel()
		all.Wait()
		require.NoError(t, folder.Close())
	}
	return l
}

// pen is a device that somebody writes with, and its key packages.
type pen struct {
	f      *familyHouse
	user   string // id
	token  string
	id     string
	secret string
	key    []byte

	socket *peer
	asked  uint64 // ids of requests
	n      int64
	box    []proto.ChatDelivery // that came while something else was waited for
}

func (f *familyHouse) newPen(user, token string) *pen {
	f.t.Helper()
	p := &pen{f: f, user: user, token: token, key: []byte("the key of " + user), asked: 100}
	made := good[proto.ChatDeviceMade](f, "POST", "/v1/chat/devices", token, proto.ChatDeviceNew{Name: "a pen", SignatureKey: p.key})
	p.id, p.secret = made.ID, made.Secret
	var packages [][]byte
	for range 3 {
		packages = append(packages, p.keyPackage())
	}
	left := good[proto.KeyPackagesLeft](f, "POST", "/v1/chat/devices/"+p.id+"/keys", token, proto.KeyPackagesNew{Suite: 1, Packages: packages, LastResort: p.keyPackage()})
	require.EqualValues(f.t, 3, left.Left[0].Count)
	return p
}

func (p *pen) leaf() frametest.Leaf {
	return frametest.Leaf{Identity: p.user + "/" + p.id, SignatureKey: p.key}
}

func (p *pen) keyPackage() []byte { return frametest.KeyPackage(1, p.leaf(), []byte(rand.Text())) }

// attach opens a socket on which the device speaks.
func (p *pen) attach() proto.ChatAttached {
	p.f.t.Helper()
	p.socket, _ = p.f.come(p.token)
	p.box = nil
	return replied[proto.ChatAttached](p, proto.TypeChatAttach, proto.ChatAttach{DeviceID: p.id, Secret: p.secret})
}

// replied asks on the device's socket, which has to be answered well.
func replied[Out any](p *pen, typ string, data any) Out {
	p.f.t.Helper()
	p.asked++
	p.socket.ask(p.asked, typ, data)
	m := p.until(func(m proto.Message) bool { return m.Re == p.asked })
	require.Nil(p.f.t, m.Error, "%s", typ)
	return as[Out](p.f.t, m)
}

// until reads on to what is wanted, and puts deliveries before it aside.
func (p *pen) until(want func(m proto.Message) bool) proto.Message {
	p.f.t.Helper()
	return p.socket.until(func(m proto.Message) bool {
		found := want(m)
		if !found && m.Type == proto.TypeChatDelivery {
			p.box = append(p.box, as[proto.ChatDelivery](p.f.t, m))
		}
		return found
	})
}

// event is what the server says of its own accord.
func (p *pen) event(typ string) proto.Message {
	p.f.t.Helper()
	return p.until(func(m proto.Message) bool { return m.Type == typ })
}

// write is a message with the next number.
func (p *pen) write(c proto.Conversation, text string) proto.ChatSend {
	return proto.ChatSend{
		ConversationID: c.ID, N: p.n + 1, Settled: p.n, Commitment: frank.Commit(opening, []byte(text)),
		Body: frametest.Application(c.ID+":1", c.Epoch, []byte(text)),
	}
}

var opening = bytes.Repeat([]byte{3}, frank.OpeningBytes)

func (p *pen) send(out proto.ChatSend) proto.ChatSent {
	p.f.t.Helper()
	sent := replied[proto.ChatSent](p, proto.TypeChatSend, out)
	p.n = sent.N
	return sent
}

// refusedWith asks on the device's socket for what is not to be had.
func (p *pen) refusedWith(code proto.Code, typ string, data any) {
	p.f.t.Helper()
	p.asked++
	p.socket.ask(p.asked, typ, data)
	no := p.until(func(m proto.Message) bool { return m.Re == p.asked }).Error
	require.NotNil(p.f.t, no, "it was allowed")
	require.Equal(p.f.t, code, no.Code)
}

// next is the next delivery of a kind.
func (p *pen) next(kind proto.DeliveryKind) proto.ChatDelivery {
	p.f.t.Helper()
	for len(p.box) > 0 {
		first := p.box[0]
		p.box = p.box[1:]
		if first.Kind == kind {
			return first
		}
	}
	return as[proto.ChatDelivery](p.f.t, p.socket.until(func(m proto.Message) bool {
		return m.Type == proto.TypeChatDelivery && as[proto.ChatDelivery](p.f.t, m).Kind == kind
	}))
}

func newConversationID() string { return "g_" + strings.ToLower(rand.Text()) }

// starts makes a conversation with others, each with a pen.
func (p *pen) starts(kind proto.ConversationKind, others ...*pen) proto.Conversation {
	p.f.t.Helper()
	id := newConversationID()
	in := proto.ConversationNew{ID: id, Kind: kind, Suite: 1, First: p.commit(id, 0, nil, append([]*pen{p}, others...), others, nil)}
	for _, other := range others {
		if !slices.Contains(in.People, other.user) {
			in.People = append(in.People, other.user)
		}
		taken := good[proto.KeyPackages](p.f, "POST", "/v1/chat/people/"+other.user+"/keys", p.token, proto.KeyPackagesTake{Suite: 1, Devices: []string{other.id}})
		require.Len(p.f.t, taken.Packages, 1)
	}
	c := good[proto.Conversation](p.f, "POST", "/v1/chat/conversations", p.token, in)
	require.Equal(p.f.t, id, c.ID)
	return c
}

// commit ends an epoch; leaves are those of the epoch after it.
func (p *pen) commit(id string, epoch int64, external []byte, leaves, adds, removes []*pen) proto.Commit {
	out := proto.Commit{ID: rand.Text(), DeviceID: p.id, Generation: 1, Epoch: epoch, Commit: external, External: external != nil}
	if external == nil {
		out.Commit = frametest.Commit(id+":1", epoch, []byte("commit"))
	}
	var tree []frametest.Leaf
	for _, l := range leaves {
		tree = append(tree, l.leaf())
	}
	out.GroupInfo = frametest.GroupInfo(1, id+":1", epoch+1, tree...)
	for _, a := range adds {
		out.Adds = append(out.Adds, a.id)
	}
	for _, r := range removes {
		out.Removes = append(out.Removes, r.id)
	}
	if len(adds) > 0 {
		out.Welcome = frametest.Welcome(1, len(adds), []byte("welcome"))
	}
	return out
}
