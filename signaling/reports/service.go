package reports

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"kinwire/signaling/proto"
)

// Service is the reports of one installation.
type Service struct {
	Stores
	now func() time.Time
	d   Deps

	conf atomic.Pointer[Config] // of now, see Tune
}

// New makes the service. It keeps nothing running; see [Service.Run]. It
// fails on a setting that it does not know.
func New(stores Stores, now func() time.Time, cfg Config, d Deps) (*Service, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	s := &Service{Stores: stores, now: now, d: d}
	s.conf.Store(&cfg)
	return s, nil
}

// cfg is the configuration of now.
func (s *Service) cfg() *Config { return s.conf.Load() }

// Tune takes over another configuration, for what is decided, told and swept from
// then on. It fails, and changes nothing, on a setting that it does not know.
func (s *Service) Tune(cfg Config) error {
	cfg, err := cfg.checked()
	if err != nil {
		return err
	}
	s.conf.Store(&cfg)
	return nil
}

// Run deletes records whose time has come, now and every hour, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.d.Log.ErrorContext(ctx, "old reports and suspensions not deleted", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep deletes the records of suspensions and the evidence whose time has
// come, and reports that were decided [Config.Record] ago.
func (s *Service) Sweep(ctx context.Context) error {
	records, err := s.Suspensions.SweepSuspensions(ctx, s.now())
	if err != nil {
		return fmt.Errorf("delete records of suspensions: %w", err)
	}
	old, err := s.Reports.SweepReports(ctx, s.now().Add(-s.cfg().Record))
	if err != nil {
		return fmt.Errorf("delete old reports: %w", err)
	}
	var evidence int64
	if s.Evidence != nil {
		if evidence, err = s.Evidence.SweepEvidence(ctx, s.now()); err != nil {
			return fmt.Errorf("delete old evidence: %w", err)
		}
	}
	if records+old+evidence > 0 {
		s.d.Log.InfoContext(ctx, "old reports and suspensions deleted", "suspension_rows", records, "reports", old, "evidence", evidence)
	}
	return nil
}

// facts returns what is known of these people, by id. Who is gone is there
// with the id alone.
func (s *Service) facts(ctx context.Context, ids ...string) (map[string]proto.UserState, error) {
	all := make(map[string]proto.UserState, len(ids))
	var ask []string
	for _, id := range ids {
		if _, twice := all[id]; !twice {
			ask = append(ask, id)
		}
		all[id] = proto.UserState{Person: proto.Person{ID: id}, State: stateGone, Guardians: []string{}, Children: []string{}}
	}
	states, err := s.People.UserStates(ctx, s.now(), ask...)
	if err != nil {
		return nil, err
	}
	for _, u := range states {
		all[u.Person.ID] = u
	}
	return all, nil
}

// The states of an account.
const (
	stateActive    = "active"
	stateSuspended = "suspended"
	stateGone      = "gone"
)

func (s *Service) entry(actor, action, subject, detail string) proto.AuditEntry {
	return proto.AuditEntry{At: s.now().UnixMilli(), Actor: actor, Action: action, Subject: subject, Detail: detail}
}

func operatorActor(name string) string { return "operator:" + name }

func newID() string { return "r_" + strings.ToLower(rand.Text()) }

func refuse(code proto.Code, format string, args ...any) error {
	return &proto.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
