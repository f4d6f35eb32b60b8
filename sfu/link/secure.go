package link

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/transport/v4/packetio"

	"kinwire/internal/pionlog"
	"kinwire/sfu/sdp"
	"kinwire/sfu/srtp"
)

const (
	// handshakeLimit is how long a DTLS handshake may take.
	handshakeLimit = 30 * time.Second
	// flightInterval is when an unanswered flight of the handshake is sent
	// again, doubled each time. RFC 6347 section 4.2.4.1 says a second; for calls
	// RFC 8827's implementations use a tenth or less, since a lost packet of the
	// handshake is silence in the ear.
	flightInterval = 100 * time.Millisecond
	// handshakePackets and handshakeBytes bound what waits for DTLS: a flight of
	// a handshake, or a window of data channels' packets.
	handshakePackets, handshakeBytes = 128, 1 << 18
	// replayWindow is how many packets late one may come (RFC 3711 section
	// 3.3.2): a second of video at 8 Mbit/s. The RFC's smallest is 64.
	replayWindow = 1024
	// maxStreams is how many SSRCs one peer may send: sound, a camera in three
	// sizes and a screen, each with retransmissions, several times over.
	maxStreams = 64
	// dtlsMessage is the largest message over DTLS itself, in bytes.
	dtlsMessage = 2048
	// maxEarly is how many packets wait for the keys: media that the peer sends
	// right after its last handshake packet can be here before that is dealt
	// with, and the first of it is a key frame.
	maxEarly = 64
	exporter = "EXTRACTOR-dtls_srtp" // RFC 5764 section 4.2
)

// keys are what the DTLS handshake has given.
type keys struct {
	profile srtp.Profile
	opener  *srtp.Opener // guarded by Link.in
	sealer  *srtp.Sealer
}

// tunnel is the net.PacketConn on which the DTLS connection stands: the loop
// puts packets in. What DTLS sends goes back the way the last came during the
// handshake, and later where the link's media goes: a peer whose path changes
// may have nothing to say over DTLS, and has to hear what others say.
type tunnel struct {
	link *Link
	in   *packetio.Buffer
	way  atomic.Pointer[way]
}

func newTunnel(l *Link) *tunnel {
	t := &tunnel{link: l, in: packetio.NewBuffer()}
	t.in.SetLimitCount(handshakePackets)
	t.in.SetLimitSize(handshakeBytes)
	return t
}

// anywhere is the one address that DTLS sees: whose packets it gets is decided
// before.
var anywhere = &net.UDPAddr{}

func (t *tunnel) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := t.in.Read(b)
	return n, anywhere, err
}

func (t *tunnel) WriteTo(b []byte, _ net.Addr) (int, error) {
	w := t.way.Load()
	if out := t.link.out.Load(); out != nil && t.link.keys.Load() != nil {
		w = out
	}
	if w != nil {
		w.dest.Send(b)
	}
	return len(b), nil // a lost packet is DTLS's to send again
}

func (t *tunnel) Close() error                       { return nil } // close is ours
func (t *tunnel) LocalAddr() net.Addr                { return anywhere }
func (t *tunnel) SetDeadline(at time.Time) error     { return t.SetReadDeadline(at) }
func (t *tunnel) SetReadDeadline(at time.Time) error { return t.in.SetReadDeadline(at) }
func (t *tunnel) SetWriteDeadline(time.Time) error   { return nil }
func (t *tunnel) close()                             { _ = t.in.Close() }

// handshakePacket takes a DTLS packet, the first of which begins the
// handshake.
func (l *Link) handshakePacket(w *way, b []byte) {
	t := l.tunnel.Load()
	if t == nil {
		if t = l.beginHandshake(); t == nil {
			return
		}
	}
	t.way.Store(w)
	_, _ = t.in.Write(b) // full: DTLS sends again what it needs
}

func (l *Link) beginHandshake() *tunnel {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.expected == nil {
		return nil
	}
	t := newTunnel(l)
	l.tunnel.Store(t)
	l.running.Add(1)
	go l.secure(t, l.expected)
	return t
}

// secure does the handshake and then waits for the end of the connection.
func (l *Link) secure(t *tunnel, expected []sdp.Fingerprint) {
	defer l.running.Done()
	conn, err := l.handshake(t, expected)
	if err == nil {
		err = l.hearOut(conn)
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, context.Canceled) {
		l.t.log.Debug("DTLS", "err", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail()
}

func (l *Link) handshake(t *tunnel, expected []sdp.Fingerprint) (*dtls.Conn, error) {
	conn, err := dtls.ServerWithOptions(t, anywhere,
		dtls.WithCertificates(l.t.certificate),
		dtls.WithSRTPProtectionProfiles(l.terms.profiles...),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		dtls.WithInsecureSkipVerify(true), // by fingerprint, which is all that WebRTC has
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error { return verify(raw, expected) }),
		// The connectivity check has proved the address already.
		dtls.WithInsecureSkipVerifyHello(true),
		dtls.WithFlightInterval(flightInterval),
		dtls.WithReplayProtectionWindow(64),
		dtls.WithLoggerFactory(pionlog.New(l.t.log, slog.LevelDebug)),
	)
	if err != nil {
		return nil, fmt.Errorf("link: preparing DTLS: %w", err)
	}
	l.mu.Lock()
	closed := l.closed
	l.conn = conn
	l.mu.Unlock()
	if closed {
		return nil, errors.Join(context.Canceled, conn.Close())
	}
	ctx, cancel := context.WithTimeout(l.ctx, handshakeLimit)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("link: DTLS handshake: %w", err)
	}
	return conn, l.unlock(conn)
}

var errFingerprint = errors.New("link: the peer's certificate has another fingerprint than its offer")

// hashes are those in which fingerprints are understood.
var hashes = map[string]crypto.Hash{"sha-256": crypto.SHA256, "sha-384": crypto.SHA384, "sha-512": crypto.SHA512}

// verify holds the certificate against the offer (RFC 8122 section 5): one
// matching fingerprint of a known hash suffices.
func verify(raw [][]byte, expected []sdp.Fingerprint) error {
	if len(raw) == 0 {
		return errFingerprint
	}
	for _, f := range expected {
		h, ok := hashes[strings.ToLower(f.Hash)]
		if !ok || !h.Available() {
			continue
		}
		sum := h.New()
		sum.Write(raw[0])
		if strings.EqualFold(fingerprint(sum.Sum(nil)), f.Value) {
			return nil
		}
	}
	return errFingerprint
}

// unlock takes the keys from the handshake (RFC 5764 section 4.2) and deals
// with the media that has been waiting for them.
func (l *Link) unlock(conn *dtls.Conn) error {
	chosen, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		return fmt.Errorf("link: the peer takes none of the SRTP profiles %v", l.terms.profileNames)
	}
	k, err := newKeys(conn, srtp.Profile(chosen))
	if err != nil {
		return err
	}
	p := l.t.borrow()
	defer l.t.give(p)
	l.in.Lock()
	l.keys.Store(k)
	early := l.early
	l.early = nil
	for _, e := range early {
		l.open(k, e.way, p, e.packet)
	}
	l.in.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		for _, s := range l.slots {
			s.unlock(k)
		}
		l.review(l.t.now())
	}
	return nil
}

func newKeys(conn *dtls.Conn, profile srtp.Profile) (*keys, error) {
	state, ok := conn.ConnectionState()
	if !ok {
		return nil, errors.New("link: DTLS has no state after its handshake")
	}
	material, err := state.ExportKeyingMaterial(exporter, nil, profile.MaterialSize())
	if err != nil {
		return nil, fmt.Errorf("link: taking the SRTP keys from DTLS: %w", err)
	}
	client, server, err := srtp.Split(profile, material)
	if err != nil {
		return nil, fmt.Errorf("link: taking the SRTP keys from DTLS: %w", err)
	}
	k := &keys{profile: profile}
	if k.opener, err = srtp.NewOpener(profile, client, replayWindow, maxStreams); err != nil {
		return nil, fmt.Errorf("link: preparing to open SRTP: %w", err)
	}
	if k.sealer, err = srtp.NewSealer(profile, server); err != nil {
		return nil, fmt.Errorf("link: preparing to seal SRTP: %w", err)
	}
	return k, nil
}

// closing leaves out of an error what closing always brings.
func closing(err error) error {
	if err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return fmt.Errorf("link: closing: %w", err)
}
