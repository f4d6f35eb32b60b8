package metrics

import (
	"math"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSourceIsReadAtEachScrape(t *testing.T) {
	s := newSet(t, Config{})
	defer s.close(t)
	var forwarded atomic.Uint64
	require.NoError(t, s.Source("sfu", []Metric{
		{Name: "kinwire_sfu_forwarded_packets_total", Help: "Packets sent on.", Kind: Counter, Labels: []Label{{"kind", []string{"audio", "video"}}}},
		{Name: "kinwire_sfu_drops_total", Help: "Packets dropped.", Labels: []Label{{"reason", []string{"queue"}}}},
		{Name: "kinwire_sfu_links", Help: "Links up.", Kind: Gauge},
	}, func(emit Emit) {
		emit("kinwire_sfu_forwarded_packets_total", float64(forwarded.Load()), "video")
		emit("kinwire_sfu_links", 3)
		emit("kinwire_sfu_drops_total", 1, "queue")
		emit("kinwire_sfu_drops_total", 2, "new reason")
		emit("kinwire_sfu_drops_total", 4, "newer reason")
	}))
	for want, n := range map[string]uint64{"7": 7, "1.5e+09": 1_500_000_000} {
		forwarded.Store(n)
		require.Equal(t, want, s.value(t, `kinwire_sfu_forwarded_packets_total{kind="video"}`))
	}
	require.Equal(t, "3", s.value(t, "kinwire_sfu_links"))
	require.Equal(t, "1", s.value(t, `kinwire_sfu_drops_total{reason="queue"}`))
	require.Equal(t, "6", s.value(t, `kinwire_sfu_drops_total{reason="other"}`))
	require.Equal(t, "", s.value(t, `kinwire_sfu_forwarded_packets_total{kind="audio"}`), "what is not emitted is absent")
}

func TestSourceAgainstItsDeclaration(t *testing.T) {
	s := newSet(t, Config{})
	defer s.close(t)
	require.NoError(t, s.Source("turn", []Metric{
		{Name: "kinwire_turn_allocations", Help: "Allocations.", Kind: Gauge},
		{Name: "kinwire_turn_packets_total", Help: "Packets."},
	}, func(emit Emit) {
		emit("kinwire_turn_unheard_of", 1)
		emit("kinwire_turn_allocations", 1, "a label too many")
		emit("kinwire_turn_allocations", math.NaN())
		emit("kinwire_turn_packets_total", -1)
		emit("kinwire_turn_allocations", -2) // a gauge may
	}))
	s.scrape(t)
	require.Equal(t, "-2", s.value(t, "kinwire_turn_allocations"))
	require.Contains(t, []string{"8", "12"}, s.value(t, `kinwire_source_errors_total{source="turn"}`), "four at each of three scrapes; the last may not count its own")
}

func TestSourceDeclarationsAreChecked(t *testing.T) {
	many := make([]string, 40)
	for i := range many {
		many[i] = string(rune('A' + i))
	}
	good := Metric{Name: "kinwire_x_total", Help: "x"}
	for name, m := range map[string][]Metric{
		"foreign name":       {{Name: "x_total", Help: "x"}},
		"bad name":           {{Name: "kinwire_X_total", Help: "x"}},
		"no help":            {{Name: "kinwire_x_total"}},
		"counter not _total": {{Name: "kinwire_x", Help: "x"}},
		"gauge _total":       {{Name: "kinwire_x_total", Help: "x", Kind: Gauge}},
		"unknown kind":       {{Name: "kinwire_x", Help: "x", Kind: 7}},
		"open label":         {{Name: "kinwire_x_total", Help: "x", Labels: []Label{{Name: "user"}}}},
		"bad label":          {{Name: "kinwire_x_total", Help: "x", Labels: []Label{{"Call ID", []string{"a"}}}}},
		"too many series":    {{Name: "kinwire_x_total", Help: "x", Labels: []Label{{"a", many}, {"b", many}}}},
		"declared twice":     {good, good},
	} {
		s := newSet(t, Config{})
		var bad *SourceError
		require.ErrorAs(t, s.Source("plane", m, func(Emit) {}), &bad, name)
		require.Equal(t, "plane", bad.Source)
		s.close(t)
	}
	s := newSet(t, Config{})
	defer s.close(t)
	require.NoError(t, s.Source("one", []Metric{good}, func(Emit) {}))
	require.Error(t, s.Source("two", []Metric{good}, func(Emit) {}), "another source has it")
}

func TestPlaceAndValuesAreInverse(t *testing.T) {
	d, problem := declare(Metric{Name: "kinwire_x", Help: "x", Kind: Gauge, Labels: []Label{
		{"a", []string{"1", "2", "3"}}, {"b", []string{"4"}}, {"c", []string{"5", "6"}},
	}})
	require.Empty(t, problem)
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.IntRange(0, d.series-1).Draw(t, "place")
		if got := d.place(d.values(place)); got != place {
			t.Fatalf("%d became %d", place, got)
		}
	})
}
