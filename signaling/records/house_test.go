package records_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/proto"
	"kinwire/signaling/records"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// house is the service on a real store, with calls that go on.
type house struct {
	*records.Service
	store *store.Store
	live  *memory
}

// memory stands where the metrics keep the calls that go on.
type memory struct {
	mu     sync.Mutex
	calls  []proto.CallSummary
	looked func() // when somebody asks for a record
}

func (m *memory) Live() []proto.CallSummary {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

func (m *memory) Record(_ context.Context, id string) (json.RawMessage, error) {
	if m.looked != nil {
		m.looked()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.calls {
		if c.ID == id {
			return json.RawMessage(fmt.Sprintf(`{"id":%q,"live":true,"started_at":%d,"participants":[]}`, id, c.StartedAt)), nil
		}
	}
	return nil, &proto.Error{Code: proto.CodeNotFound, Message: "no record of a call with this id"}
}

func (m *memory) begin(id string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, proto.CallSummary{
		ID: id, Live: true, StartedAt: at.UnixMilli(), Codecs: []string{"opus"}, Paths: []string{"host/udp"}, Score: 4.2,
	})
}

// finish ends a call, whose record is not saved yet.
func (m *memory) finish(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.calls {
		if m.calls[i].ID == id {
			m.calls[i].Live, m.calls[i].Reason = false, "lost"
		}
	}
}

func (m *memory) end(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rest []proto.CallSummary
	for _, c := range m.calls {
		if c.ID != id {
			rest = append(rest, c)
		}
	}
	m.calls = rest
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{live: &memory{}}
	var err error
	h.store, err = storetest.Open(t, filepath.Join(t.TempDir(), "kinwire.db"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	h.Service = records.New(records.Deps{Store: h.store, Live: h.live, Now: func() time.Time { return began }})
	return h
}

// keep saves the record of a call that has ended.
func (h *house) keep(t require.TestingT, id string, at time.Time, document string) {
	if document == "" {
		document = fmt.Sprintf(`{ "id": %q, "started_at": %d, "participants": [] }`, id, at.UnixMilli())
	}
	require.NoError(t, h.store.SaveRecord(context.Background(), store.Record{
		CallID: id, StartedAt: at, EndedAt: at.Add(time.Minute), Reason: "hangup", Participants: 2,
		Codecs: []string{"opus", "VP8"}, Paths: []string{"relay/tls"}, Score: 3, Document: json.RawMessage(document),
	}))
}

func refusedWith(t *testing.T, code proto.Code, err error) {
	t.Helper()
	var refused *proto.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, code, refused.Code)
	require.NotEmpty(t, refused.Message)
}
