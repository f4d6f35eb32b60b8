package relay

import (
	"strings"
	"testing"

	"kinwire/signaling/proto"
)

// TestTune changes the limits while people write.
func TestTune(t *testing.T) {
	h := newHouse(t, Config{})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	refused := func(code proto.Code, text string) {
		t.Helper()
		requireCode(t, code, errOf(h.Send(t.Context(), ana.who(), ana.compose(c, text))))
		ana.last-- // its number is still free
	}
	long := "<" + strings.Repeat("x", 8000)
	ana.send(c, long)
	h.Tune(Config{MaxBody: 4096})
	refused(proto.CodeTooLarge, long)
	h.Tune(Config{SendRate: 0.001, SendBurst: 2})
	ana.send(c, "<a")
	ana.send(c, "<b")
	refused(proto.CodeRateLimited, "<c")
	h.Tune(Config{QueueMessages: 1})
	refused(proto.CodeQueueFull, "<d") // what was owed is forgiven; three wait already
	h.Tune(Config{})
	ana.send(c, "<e")
}
