package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"kinwire/configs"
	"kinwire/signaling"
	"kinwire/signaling/relay"
	"kinwire/signaling/relay/blobs"
	"kinwire/signaling/relay/blobs/s3"
	"kinwire/signaling/relay/frank"
	"kinwire/signaling/relay/groups"
	"kinwire/signaling/relay/reseal"
	"kinwire/signaling/relay/seal"
	"kinwire/signaling/store"
)

// messages are the modules about messages, joined.
type messages struct {
	ring   *seal.Ring
	tags   *frank.Keys
	relay  *relay.Service
	groups *groups.Service
	blobs  *blobs.Service
	bucket blobs.Bucket
	reseal *reseal.Service

	closeBucket func() error
	reload      time.Duration
	log         *slog.Logger
}

// newKeys reads the keys that messages and reports are sealed with, and those
// with which the server signs what a report may prove later.
func newKeys(ctx context.Context, cfg *configs.Config, log *slog.Logger) (*messages, error) {
	m := &messages{reload: cfg.Relay.Keys.Reload, log: log}
	source, err := keySource(cfg)
	if err != nil {
		return nil, err
	}
	if m.ring, err = seal.Open(ctx, source); err != nil {
		return nil, fmt.Errorf("relay.keys: %w", err)
	}
	file, err := keyFile(filepath.Join(cfg.DataDir, "franking-keys"))
	if err != nil {
		return nil, err
	}
	text, err := file.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the franking keys: %w", err)
	}
	keys, err := frank.Read(text)
	if err != nil {
		return nil, err
	}
	m.tags, err = frank.New(keys...)
	return m, err
}

// keySource is where the keys of relay.keys come from.
func keySource(cfg *configs.Config) (seal.Source, error) {
	if argv := cfg.Relay.Keys.Command; len(argv) > 0 {
		return seal.Command{Argv: argv}, nil
	}
	return keyFile(relayKeys(cfg))
}

// relayKeys is the path of the file of relay.keys.
func relayKeys(cfg *configs.Config) string {
	if cfg.Relay.Keys.File != "" {
		return cfg.Relay.Keys.File
	}
	return filepath.Join(cfg.DataDir, "relay-keys")
}

// keyFile is a file of keys, made with one where it is not there yet.
func keyFile(path string) (seal.File, error) {
	err := seal.NewFile(path, time.Now())
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return seal.File(path), err
}

// join makes the modules; run starts what they do of their own accord.
func (m *messages) join(ctx context.Context, cfg *configs.Config, st *store.Store, hub *signaling.Hub, f *families) error {
	r := cfg.Relay
	if err := m.openBucket(ctx, cfg); err != nil {
		return err
	}
	m.reseal = reseal.New(st, m.ring, m.log)
	var wake func(userID string)
	if f.push != nil {
		wake = f.push.WakeForMessage
	}
	m.relay = relay.New(st, time.Now, relayConfig(r), relay.Deps{
		Policy: f.policy, Sealer: m.ring, Franker: m.tags, Notifier: hub, Wake: wake, Log: m.log,
	})
	m.groups = groups.New(st, time.Now, groupsConfig(r), groups.Deps{
		Policy: f.policy, Sealer: m.ring, Hints: m.relay, Notifier: hub, Log: m.log,
	})
	var err error
	m.blobs, err = blobs.New(st, m.bucket, time.Now, blobsConfig(cfg), blobs.Deps{Policy: f.policy, Log: m.log})
	return err
}

func (m *messages) openBucket(ctx context.Context, cfg *configs.Config) error {
	a := cfg.Relay.Attachments
	if a.S3.Endpoint == "" {
		dir := a.Dir
		if dir == "" {
			dir = filepath.Join(cfg.DataDir, "attachments")
		}
		bucket, err := blobs.NewDir(dir)
		if err != nil {
			return err
		}
		m.bucket, m.closeBucket = bucket, bucket.Close
		return nil
	}
	bucket, err := s3.New(s3.Config{
		Endpoint: a.S3.Endpoint, Bucket: a.S3.Bucket, Region: a.S3.Region,
		AccessKey: a.S3.AccessKey, SecretKey: a.S3.SecretKey.Reveal(), PathStyle: a.S3.PathStyle,
	})
	if err != nil {
		return err
	}
	m.bucket, m.closeBucket = bucket, bucket.Close
	return bucket.Check(ctx)
}

// close gives up what run has used; run is over by then.
func (m *messages) close() error {
	if m.closeBucket == nil {
		return nil
	}
	return m.closeBucket()
}

// run does what is to be done by the clock until ctx ends.
func (m *messages) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, run := range []func(context.Context){m.relay.Run, m.groups.Run, m.blobs.Run, m.reloadKeys} {
		all.Go(func() { run(ctx) })
	}
	all.Wait()
}

// reloadKeys reads the keys again from time to time, so that they can be
// changed while the server runs, and seals again what older ones have sealed.
func (m *messages) reloadKeys(ctx context.Context) {
	t := time.NewTicker(m.reload)
	defer t.Stop()
	sealing := "" // so that what an earlier run has left is done now
	for {
		// With one key there is nothing that it could not have sealed, and no need
		// to go through all that waits at each start.
		if now := m.ring.Sealing(); now != sealing && !m.ring.Alone() {
			if _, err := m.reseal.All(ctx); err == nil {
				sealing = now
			} else if ctx.Err() == nil {
				m.log.Warn("not everything is sealed again", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := m.ring.Reload(ctx); err != nil && ctx.Err() == nil {
			m.log.Warn("the keys of relay.keys stay as they are", "err", err)
		}
	}
}

// parts are the modules as the server sees them.
func (m *messages) parts() signaling.Chat {
	return signaling.Chat{Relay: m.relay, Devices: m.groups, Groups: m.groups, Blobs: m.blobs}
}
