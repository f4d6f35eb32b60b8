package link

import (
	"fmt"
	"slices"
	"time"

	"github.com/pion/dtls/v3"

	"kinwire/sfu/codec"
	"kinwire/sfu/srtp"
)

// Terms are what links are negotiated and timed under. A room takes them once,
// so that all its people meet under the same; they do not change.
type Terms struct {
	Audio, Video []codec.Kind // in order of preference

	profileNames         []string
	profiles             []dtls.SRTPProtectionProfile
	disconnected, failed time.Duration
	relayOnly            bool
	maxVideo, maxAudio   int // bits per second, 0: no limit
}

func newTerms(cfg Config) (*Terms, error) {
	t := &Terms{
		Audio: slices.Clone(cfg.Audio), Video: slices.Clone(cfg.Video), profileNames: slices.Clone(cfg.SRTPProfiles),
		disconnected: cfg.Disconnected, failed: cfg.Failed,
		relayOnly: cfg.RelayOnly, maxVideo: cfg.MaxVideoBPS, maxAudio: cfg.MaxAudioBPS,
	}
	for _, name := range cfg.SRTPProfiles {
		p, err := srtp.ParseProfile(name)
		if err != nil {
			return nil, fmt.Errorf("link: %w", err)
		}
		t.profiles = append(t.profiles, dtls.SRTPProtectionProfile(p))
	}
	return t, nil
}

// limit is what a peer is asked to keep to on a section, in bits per second.
func (t *Terms) limit(video bool) int {
	if video {
		return t.maxVideo
	}
	return t.maxAudio
}

// Terms are those of the links that are made now.
func (t *Transport) Terms() *Terms { return t.terms.Load() }

// Tune takes over what of cfg can change while packets flow: FrameHold at once;
// codecs, SRTP profiles, timeouts, RelayOnly and the limits of rates as new
// Terms, for links that are made from then on. Nothing changes on an error.
func (t *Transport) Tune(cfg Config) error {
	terms, err := newTerms(cfg)
	if err != nil {
		return err
	}
	t.terms.Store(terms)
	t.frameHold.Store(int64(cfg.FrameHold))
	return nil
}

// refuses says whether a link under these terms may not be reached through a
// door.
func (t *Terms) refuses(d door) bool {
	_, relayed := d.(*relayDoor)
	return t.relayOnly && !relayed
}
