package main

import (
	"slices"
	"strings"
	"sync"
	"time"

	"kinwire/metrics"
	"kinwire/signaling/proto"
)

// What can come of a reload.
const (
	reloadApplied   = "applied"   // something is in effect or waits that was not before
	reloadRefused   = "refused"   // the old configuration goes on whole
	reloadUnchanged = "unchanged" // nothing was new
)

// reloadStatus is how the reloads went so far.
type reloadStatus struct {
	mu     sync.Mutex
	node   proto.NodeConfig
	counts map[string]int64 // by result
	failed bool             // the last one was refused
}

func newReloadStatus(loaded time.Time) *reloadStatus {
	return &reloadStatus{
		node:   proto.NodeConfig{LoadedAt: loaded.UnixMilli(), Pending: []string{}},
		counts: map[string]int64{reloadApplied: 0, reloadRefused: 0, reloadUnchanged: 0},
	}
}

// NodeConfig is the status for the operator's page.
func (s *reloadStatus) NodeConfig() proto.NodeConfig {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node
	n.Pending = slices.Clone(n.Pending)
	return n
}

func (s *reloadStatus) refused(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[reloadRefused]++
	s.failed = true
	s.node.Refused++
	s.node.Error = strings.Join(reasons(err), "\n")
}

func (s *reloadStatus) unchanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[reloadUnchanged]++
	s.failed, s.node.Error = false, ""
}

func (s *reloadStatus) applied(at time.Time, pending []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[reloadApplied]++
	s.failed, s.node.Error = false, ""
	s.node.Reloads++
	s.node.LoadedAt, s.node.Pending = at.UnixMilli(), pending
}

// expose puts the status on /metrics.
func (s *reloadStatus) expose(rec *metrics.Recorder) error {
	results := []metrics.Label{{Name: "result", Values: []string{reloadApplied, reloadRefused, reloadUnchanged}}}
	return rec.Source("config", []metrics.Metric{
		{Name: "kinwire_config_reloads_total", Help: "Times that the configuration was read again, by what came of it.", Labels: results},
		{Name: "kinwire_config_last_reload_success", Help: "0 when the last reload was refused, else 1.", Kind: metrics.Gauge},
		{Name: "kinwire_config_pending_keys", Help: "Changed keys that wait for a restart.", Kind: metrics.Gauge},
		{Name: "kinwire_config_loaded_timestamp_seconds", Help: "When the configuration in effect was taken over, Unix time.", Kind: metrics.Gauge},
	}, func(emit metrics.Emit) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for result, n := range s.counts {
			emit("kinwire_config_reloads_total", float64(n), result)
		}
		success := 1.0
		if s.failed {
			success = 0
		}
		emit("kinwire_config_last_reload_success", success)
		emit("kinwire_config_pending_keys", float64(len(s.node.Pending)))
		emit("kinwire_config_loaded_timestamp_seconds", float64(s.node.LoadedAt)/1000)
	})
}
