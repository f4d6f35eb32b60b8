//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/sfu"
	"kinwire/sfu/codec"
	"kinwire/sfu/link"
)

// sfuCounted is what the server has counted by itself.
type sfuCounted struct {
	Received uint64            `json:"received"`
	Sent     uint64            `json:"sent"`
	Unrouted uint64            `json:"unrouted"`
	PLIs     uint64            `json:"plis"`
	Peers    int               `json:"peers"`
	Drops    map[string]uint64 `json:"drops,omitempty"`
}

// sfuConfig has the values of the server's default configuration, but for
// loopback, and for rooms as large as the shapes.
func sfuConfig() sfu.Config {
	return sfu.Config{
		Link: link.Config{
			TCPPort: -1, BindAddresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, IPv4: true, IncludeLoopback: true,
			Audio: []codec.Kind{codec.Opus}, Video: []codec.Kind{codec.VP8, codec.H264, codec.VP9, codec.AV1},
			SRTPProfiles: []string{"aead_aes_128_gcm", "aead_aes_256_gcm", "aes128_cm_sha1_80"},
			FrameHold:    usual.hold, Loops: usual.loops, SetUp: 10 * time.Second,
			Disconnected: 4 * time.Second, Failed: 15 * time.Second, TCPQueue: 256,
		},
		MaxPeers: 256, HistoryPackets: 1024, NACKInterval: 20 * time.Millisecond, PLIMinInterval: keyFrameGap,
		TWCCInterval: 100 * time.Millisecond, ReportInterval: time.Second,
	}
}

// keyFrameGap is the shortest time between two key frames on request.
const keyFrameGap = 500 * time.Millisecond

// keeper is the observer. It takes out whose link has failed, as signaling
// does, and tells nobody anything.
type keeper struct {
	server  atomic.Pointer[sfu.Server]
	leaving sync.WaitGroup
}

func (*keeper) SlotsChanged(string, string, sfu.SlotMap) {}

// LinkChanged leaves the taking out to another goroutine, since it may not be
// done in this one. By then the peer may have been replaced by one whose link
// is sound, which stays.
func (k *keeper) LinkChanged(room, peer string, state link.State) {
	s := k.server.Load()
	if state != link.Failed || s == nil {
		return
	}
	k.leaving.Go(func() {
		if now, ok := s.Peer(room, peer); ok && now.State == link.Failed {
			s.Leave(room, peer)
		}
	})
}

// sfuFlags change the configuration for what is not measured in real time.
func sfuFlags(args []string) (sfu.Config, error) {
	cfg := sfuConfig()
	f := flag.NewFlagSet("serve-sfu", flag.ContinueOnError)
	f.DurationVar(&cfg.Link.SetUp, "set-up", cfg.Link.SetUp, "")
	slow := f.Int("slow", 1, "")
	f.DurationVar(&cfg.Link.Disconnected, "disconnected", cfg.Link.Disconnected, "")
	f.DurationVar(&cfg.Link.Failed, "failed", cfg.Link.Failed, "")
	f.IntVar(&cfg.Link.Loops, "loops", cfg.Link.Loops, "")
	f.DurationVar(&cfg.Link.FrameHold, "frame-hold", cfg.Link.FrameHold, "")
	if err := f.Parse(args); err != nil {
		return cfg, fmt.Errorf("reading the flags of serve-sfu: %w", err)
	}
	for _, every := range []*time.Duration{&cfg.TWCCInterval, &cfg.ReportInterval, &cfg.NACKInterval} {
		*every *= time.Duration(*slow)
	}
	return cfg, nil
}

// serveSFU runs the SFU alone, and does what its standard input says.
func serveSFU(args []string, in io.Reader, out io.Writer) error {
	cfg, err := sfuFlags(args)
	if err != nil {
		return err
	}
	k := &keeper{}
	s, err := sfu.New(cfg, k, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		return fmt.Errorf("starting the SFU: %w", err)
	}
	k.server.Store(s)
	err = answers(in, out, map[string]func(request) (reply, error){
		"usage":   tellUsage,
		"gc":      tellCollected,
		"window":  func(request) (reply, error) { return reply{}, nil }, // packets' stamps tell
		"profile": profileSFU,
		"join":    func(r request) (reply, error) { return joinSFU(s, r) },
		"leave":   func(r request) (reply, error) { s.Leave(r.Room, r.Peer); return reply{}, nil },
		"totals": func(request) (reply, error) {
			t := s.Totals()
			return reply{Totals: &sfuCounted{Received: t.Received, Sent: t.Sent, Unrouted: t.Unrouted, PLIs: t.PLIs, Peers: t.Peers, Drops: t.Drops}}, nil
		},
	})
	closed := s.Close()
	k.leaving.Wait()
	if err == nil && closed != nil {
		err = fmt.Errorf("closing the SFU: %w", closed)
	}
	return err
}

func joinSFU(s *sfu.Server, r request) (reply, error) {
	var sources []sfu.Source
	for _, src := range r.Sources {
		kind := sfu.Audio
		if src.Video {
			kind = sfu.Video
		}
		sources = append(sources, sfu.Source{Kind: kind, MID: src.MID})
	}
	a, err := s.Join(context.Background(), r.Room, r.Peer, r.Offer, sources)
	return reply{Answer: a.SDP}, err
}

// profileSFU begins a CPU profile into a file, or ends it when none is named.
func profileSFU(r request) (reply, error) {
	if r.File == "" {
		pprof.StopCPUProfile()
		return reply{}, nil
	}
	f, err := os.Create(r.File)
	if err != nil {
		return reply{}, fmt.Errorf("opening the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return reply{}, errors.Join(err, f.Close())
	}
	return reply{}, nil
}
