package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kinwire/configs"
	"kinwire/sfu"
	"kinwire/sfu/codec"
	"kinwire/sfu/link"
	"kinwire/signaling"
	"kinwire/signaling/accounts"
	"kinwire/signaling/calls"
	"kinwire/signaling/proto"
	"kinwire/turn"
)

// mediaSetUp is how long a peer may take from the answer to the first keys: the
// browser's checks of every path, and a DTLS handshake over a bad one.
const mediaSetUp = 30 * time.Second

// tcpQueue is how many packets may wait for a peer on TCP: half a second of
// video at 2 Mbit/s.
const tcpQueue = 128

func sfuConfig(cfg *configs.Config) sfu.Config {
	s := cfg.SFU
	tcp := s.TCPPort
	if tcp == 0 {
		tcp = -1 // the SFU's word for off
	}
	return sfu.Config{
		Link: link.Config{
			UDPPort: s.UDPPort, TCPPort: tcp, BindAddresses: s.BindAddresses, PublicAddresses: s.PublicAddresses,
			IPv4: s.IPv4, IPv6: s.IPv6, IncludeLoopback: s.IncludeLoopback,
			Audio: codecs(s.Codecs.Audio), Video: codecs(s.Codecs.Video), SRTPProfiles: s.SRTPProfiles,
			Loops: s.Loops, FrameHold: s.FrameHold,
			RelayOnly: !s.Direct, MaxVideoBPS: 1000 * s.MaxVideoKbps, MaxAudioBPS: 1000 * s.MaxAudioKbps,
			SetUp: mediaSetUp, Disconnected: s.DisconnectedTimeout, Failed: s.FailedTimeout, TCPQueue: tcpQueue,
		},
		MaxPeers: cfg.Calls.MaxParticipants, HistoryPackets: s.HistoryPackets, NACKInterval: s.NACKInterval,
		PLIMinInterval: s.PLIMinInterval, TWCCInterval: s.TWCCInterval, ReportInterval: s.ReportInterval,
	}
}

// codecs turns names that configs has checked into kinds.
func codecs(names []string) []codec.Kind {
	var out []codec.Kind
	for _, n := range names {
		if k, err := codec.Parse(n); err == nil {
			out = append(out, k)
		}
	}
	return out
}

func callsConfig(cfg *configs.Config) calls.Config {
	c := cfg.Calls
	return calls.Config{
		RingTimeout: c.RingTimeout, AloneTimeout: c.AloneTimeout, LostTimeout: c.LostTimeout, MaxParticipants: c.MaxParticipants,
		Warning: c.Warning, HistoryRetention: c.HistoryRetention, NoVideo: !c.Video,
	}
}

func turnConfig(cfg *configs.Config) turn.Config {
	t := cfg.TURN
	public := t.PublicAddresses
	if len(public) == 0 {
		for _, a := range cfg.SFU.PublicAddresses {
			public = append(public, a.String())
		}
	}
	return turn.Config{
		UDP: t.UDPListen, TCP: t.TCPListen, TLS: t.TLSListen, CertFile: t.CertFile, KeyFile: t.KeyFile, Realm: t.Realm,
		PublicAddresses: public, AllowedPeers: append([]netip.Prefix{}, t.AllowedPeers...),
		MaxAllocations: t.MaxAllocations, MaxAllocationsPerUser: t.MaxAllocationsPerUser,
	}
}

func signalingConfig(cfg *configs.Config, operator string) signaling.Config {
	s := cfg.Signaling
	return signaling.Config{
		AllowedOrigins: cfg.HTTP.AllowedOrigins, TrustedProxies: cfg.HTTP.TrustedProxies, MaxMessageBytes: int(s.MaxMessageBytes), MaxChunkBytes: int(cfg.Relay.Attachments.ChunkBytes),
		RatePerSecond: float64(s.RatePerSecond), Burst: s.Burst, ResumeWindow: s.ResumeWindow,
		PingInterval: s.PingInterval, OutboxMessages: s.OutboxMessages, MaxSessionsPerUser: s.MaxSessionsPerUser,
		OperatorToken: operator, Staff: staff(cfg),
	}
}

// iceServers hands out our own TURN server, with credentials for one person
// in one call.
type iceServers struct {
	creds *turn.Credentials
	urls  []string
}

// ICEServers gives an empty list, not nil, when TURN is off.
func (s iceServers) ICEServers(userID, callID string) []proto.ICEServer {
	if s.creds == nil || len(s.urls) == 0 {
		return []proto.ICEServer{}
	}
	user, password, expires := s.creds.Issue(userID, callID)
	return []proto.ICEServer{{URLs: s.urls, Username: user, Credential: password, ExpiresAt: expires.UnixMilli()}}
}

func turnSecret(cfg *configs.Config) ([]byte, error) {
	if s := cfg.TURN.Secret.Reveal(); s != "" {
		return []byte(s), nil
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("making turn.secret: %w", err)
	}
	return secret, nil
}

func operatorTokenFile(cfg *configs.Config) string {
	return filepath.Join(cfg.DataDir, "operator-token")
}

// operatorToken is the configured one, or one that is made at the first start
// and kept where only the server's user can read it.
func operatorToken(cfg *configs.Config) (string, error) {
	if t := cfg.Operator.Token.Reveal(); t != "" {
		return t, nil
	}
	file := operatorTokenFile(cfg)
	b, err := os.ReadFile(file)
	switch {
	case err == nil && strings.TrimSpace(string(b)) != "":
		return strings.TrimSpace(string(b)), nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("reading the operator's token: %w", err)
	}
	t := rand.Text()
	if err := os.WriteFile(file, []byte(t+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keeping the operator's token: %w", err)
	}
	return t, nil
}

func demoPage(logins []accounts.DemoLogin) *signaling.Demo {
	d := &signaling.Demo{}
	for _, l := range logins {
		d.Password = l.Password
		d.Logins = append(d.Logins, signaling.DemoLogin{Login: l.Login, Name: l.Name, Avatar: l.Avatar, Role: proto.Role(l.Role), Family: l.Family})
	}
	return d
}
