package records_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

func idsOf(calls []proto.CallSummary) (list []string) {
	for _, c := range calls {
		list = append(list, c.ID)
	}
	return list
}

// all turns the pages to the end.
func (h *house) all(t require.TestingT, f proto.CallFilter) (list []string, pages int) {
	f.Cursor = ""
	for {
		page, err := h.List(tContext(t), f)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Calls), max(f.Limit, 50*(1-min(1, f.Limit))))
		list, pages = append(list, idsOf(page.Calls)...), pages+1
		if page.Next == "" {
			return list, pages
		}
		f.Cursor = page.Next
	}
}

func TestListHasLiveCallsFirstThenTheNewest(t *testing.T) {
	h := newHouse(t)
	empty, err := h.List(t.Context(), proto.CallFilter{})
	require.NoError(t, err)
	require.Equal(t, proto.CallList{Calls: []proto.CallSummary{}}, empty)
	for i := range 3 {
		h.keep(t, fmt.Sprint("past-", i), began.Add(time.Duration(i)*time.Hour), "")
	}
	h.live.begin("live-old", began.Add(-time.Hour))
	h.live.begin("live-new", began)
	list, err := h.List(t.Context(), proto.CallFilter{})
	require.NoError(t, err)
	require.Equal(t, []string{"live-new", "live-old", "past-2", "past-1", "past-0"}, idsOf(list.Calls))
	require.Empty(t, list.Next)
	require.True(t, list.Calls[0].Live)
	require.Equal(t, proto.CallSummary{
		ID: "past-2", StartedAt: began.Add(2 * time.Hour).UnixMilli(), EndedAt: began.Add(2*time.Hour + time.Minute).UnixMilli(), DurationMS: 60_000,
		Reason: "hangup", Participants: 2, Codecs: []string{"opus", "VP8"}, Paths: []string{"relay/tls"}, Score: 3,
	}, list.Calls[2])
	for name, c := range map[string]struct {
		f    proto.CallFilter
		want []string
	}{
		"live only":  {proto.CallFilter{Live: "true"}, []string{"live-new", "live-old"}},
		"past only":  {proto.CallFilter{Live: "false"}, []string{"past-2", "past-1", "past-0"}},
		"reason":     {proto.CallFilter{Reason: "hangup"}, []string{"past-2", "past-1", "past-0"}},
		"codec":      {proto.CallFilter{Codec: "vp8", Limit: 2}, []string{"past-2", "past-1", "past-0"}},
		"both":       {proto.CallFilter{Codec: "OPUS"}, []string{"live-new", "live-old", "past-2", "past-1", "past-0"}},
		"type":       {proto.CallFilter{Path: "host"}, []string{"live-new", "live-old"}},
		"path":       {proto.CallFilter{Path: "relay/tls"}, []string{"past-2", "past-1", "past-0"}},
		"other path": {proto.CallFilter{Path: "relay/udp"}, nil},
		"good":       {proto.CallFilter{ScoreMin: 4}, []string{"live-new", "live-old"}},
		"bad":        {proto.CallFilter{ScoreBelow: 4}, []string{"past-2", "past-1", "past-0"}},
		"times":      {proto.CallFilter{From: began.UnixMilli(), To: began.Add(time.Hour).UnixMilli()}, []string{"live-new", "past-0"}},
		"together":   {proto.CallFilter{From: began.UnixMilli(), Codec: "vp8", ScoreBelow: 4, Path: "relay", Reason: "hangup", Live: "false", Limit: 1}, []string{"past-2", "past-1", "past-0"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := h.all(t, c.f)
			require.Equal(t, c.want, got)
		})
	}
}

// TestPagesHoldEverythingOnce: whatever the size of a page and wherever the
// live calls end in it.
func TestPagesHoldEverythingOnce(t *testing.T) {
	h := newHouse(t)
	var past []string
	for i := range 23 {
		id := fmt.Sprintf("past-%02d", i)
		h.keep(t, id, began.Add(time.Duration(i/3)*time.Second), "")
		past = append(past, id)
	}
	slices.Reverse(past)
	rapid.Check(t, func(rt *rapid.T) {
		h.live.calls = nil
		var want []string
		for i := range rapid.IntRange(0, 9).Draw(rt, "live") {
			id := fmt.Sprintf("live-%02d", i)
			h.live.begin(id, began.Add(time.Duration(i/2)*time.Second))
			want = append(want, id)
		}
		slices.Reverse(want)
		limit := rapid.IntRange(1, 40).Draw(rt, "limit")
		got, pages := h.all(rt, proto.CallFilter{Limit: limit})
		require.Equal(rt, append(want, past...), got)
		require.LessOrEqual(rt, pages, len(got)/limit+2)
	})
}

// TestACallThatEndsWhilePagesAreTurned is on one of them at least.
func TestACallThatEndsWhilePagesAreTurned(t *testing.T) {
	h := newHouse(t)
	for i := range 4 {
		h.live.begin(fmt.Sprint("call-", i), began.Add(time.Duration(i)*time.Second))
	}
	first, err := h.List(t.Context(), proto.CallFilter{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, []string{"call-3", "call-2"}, idsOf(first.Calls))
	for _, i := range []int{0, 3} {
		h.live.end(fmt.Sprint("call-", i))
		h.keep(t, fmt.Sprint("call-", i), began.Add(time.Duration(i)*time.Second), "")
	}
	rest, err := h.List(t.Context(), proto.CallFilter{Limit: 9, Cursor: first.Next})
	require.NoError(t, err)
	require.Equal(t, []string{"call-1", "call-3", "call-0"}, idsOf(rest.Calls))
}

// TestACallThatWaitsToBeSaved is in its place among those that have ended, once,
// in the list and in the export.
func TestACallThatWaitsToBeSaved(t *testing.T) {
	h := newHouse(t)
	for i := range 6 {
		id := fmt.Sprint("call-", i)
		if i%2 == 0 {
			h.keep(t, id, began.Add(time.Duration(i)*time.Second), "")
		} else {
			h.live.begin(id, began.Add(time.Duration(i)*time.Second))
			h.live.finish(id)
		}
	}
	h.live.begin("live", began)
	h.live.begin("call-2", began.Add(2*time.Second)) // saved since the store was asked
	h.live.finish("call-2")
	want := []string{"live", "call-5", "call-4", "call-3", "call-2", "call-1", "call-0"}
	for limit := 1; limit < 9; limit++ {
		got, _ := h.all(t, proto.CallFilter{Limit: limit})
		require.Equal(t, want, got)
	}
	got, _ := h.all(t, proto.CallFilter{Live: "true"})
	require.Equal(t, want[:1], got)
	got, _ = h.all(t, proto.CallFilter{Live: "false", Reason: "lost", Limit: 1})
	require.Equal(t, []string{"call-5", "call-3", "call-2", "call-1"}, got)
	for _, id := range want {
		require.Equal(t, 1, strings.Count(h.export(t, "ndjson", proto.CallFilter{}), `"id":"`+id+`"`))
	}
}

func TestCursorsAndLimitsThatCannotBe(t *testing.T) {
	h := newHouse(t)
	for _, cursor := range []string{"x", "eyJ4IjoxfQ", base64.RawURLEncoding.EncodeToString([]byte(`{"i":"a\u0000"}`)), base64.RawURLEncoding.EncodeToString([]byte(`{"p":true} `)), "e30="} {
		_, err := h.List(t.Context(), proto.CallFilter{Cursor: cursor})
		refusedWith(t, proto.CodeBadMessage, err)
	}
	for _, limit := range []int{-1, 501} {
		_, err := h.List(t.Context(), proto.CallFilter{Limit: limit})
		refusedWith(t, proto.CodeBadMessage, err)
	}
}

// FuzzCursor: no cursor is a fault of the server.
func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"p":true,"s":1772366400000,"i":"call-1"}`)))
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"s":-1,"i":"é"}`)))
	h := newHouse(f)
	h.keep(f, "call-1", began, "")
	h.live.begin("call-2", began)
	f.Fuzz(func(t *testing.T, cursor string) {
		list, err := h.List(t.Context(), proto.CallFilter{Cursor: cursor})
		if err != nil {
			refusedWith(t, proto.CodeBadMessage, err)
			return
		}
		require.LessOrEqual(t, len(list.Calls), 2)
	})
}
