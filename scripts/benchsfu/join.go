//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v3"
	"github.com/pion/transport/v4/packetio"
)

// profile is the one protection profile that clients offer: so every figure
// is of the same sealing.
const profile = srtp.ProtectionProfileAeadAes128Gcm

const (
	checkEvery = 50 * time.Millisecond // between two tries of a connectivity check
	// helloAgain is when the first DTLS message is repeated, as Chromium has it.
	// A server that answers to a connectivity check and is not ready for DTLS
	// yet loses the first; the second of RFC 6347 would be a long time to wait.
	helloAgain = 50 * time.Millisecond
)

// identity is the certificate of all clients: making one is no part of what
// is measured.
var identity = sync.OnceValues(func() (tls.Certificate, error) {
	cert, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return cert, fmt.Errorf("making the clients' certificate: %w", err)
	}
	return cert, nil
})

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// joiner hands an offer to a server and brings its answer.
type joiner func(ctx context.Context, offer string) (answer string, err error)

// join does what a browser does between its offer and the first packet:
// offer, connectivity check with nomination, DTLS handshake, keys.
func (c *client) join(ctx context.Context, sections []section, ask joiner) error {
	cert, err := c.introduce()
	if err != nil {
		return err
	}
	answer, err := ask(ctx, offerFor(sections, c.own, c.setup, c.local()))
	if err != nil {
		return fmt.Errorf("%s: joining: %w", c.name, err)
	}
	a, err := readAnswer(answer)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return c.establish(ctx, cert, a)
}

// accept does the same where the server offers.
func (c *client) accept(ctx context.Context, offer string, reply func(ctx context.Context, answer string) error) error {
	cert, err := c.introduce()
	if err != nil {
		return err
	}
	a, err := readDescription(offer, "actpass")
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	c.twccID = offeredTWCC(offer)
	if err := reply(ctx, answerFor(offer, c.own, c.local())); err != nil {
		return fmt.Errorf("%s: answering: %w", c.name, err)
	}
	return c.establish(ctx, cert, a)
}

// introduce makes the client's credentials.
func (c *client) introduce() (tls.Certificate, error) {
	cert, err := identity()
	if err == nil {
		c.own = credentials{ufrag: rand.Text()[:8], pwd: rand.Text(), fingerprint: fingerprint(cert.Certificate[0])}
	}
	return cert, err
}

// establish makes the connection to the server that described itself.
func (c *client) establish(ctx context.Context, cert tls.Certificate, a answered) error {
	c.remote, c.server = a.addr, a.credentials
	if err := c.connect(ctx); err != nil {
		return err
	}
	return c.secure(ctx, cert)
}

// binding is a connectivity check (RFC 8445 section 7.2.2) of the controlling
// side, which nominates at once: the server is lite and has one address.
func (c *client) binding() (*stun.Message, error) {
	priority := binary.BigEndian.AppendUint32(nil, 1862270975)
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest,
		stun.NewUsername(c.server.ufrag+":"+c.own.ufrag),
		stun.RawAttribute{Type: stun.AttrPriority, Value: priority},
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: make([]byte, 8)},
		stun.RawAttribute{Type: stun.AttrUseCandidate},
		stun.NewShortTermIntegrity(c.server.pwd), stun.Fingerprint)
	if err != nil {
		return nil, fmt.Errorf("%s: making a connectivity check: %w", c.name, err)
	}
	return m, nil
}

// connect repeats a check until it is answered.
func (c *client) connect(ctx context.Context) error {
	request, err := c.binding()
	if err != nil {
		return err
	}
	again := time.NewTicker(checkEvery)
	defer again.Stop()
	for {
		if err := c.write(request.Raw); err != nil {
			return err
		}
		select {
		case m := <-c.checks:
			if m.TransactionID != request.TransactionID {
				continue
			}
			if m.Type != stun.BindingSuccess {
				return fmt.Errorf("%s: the connectivity check was answered with %s", c.name, m.Type)
			}
			if err := stun.NewShortTermIntegrity(c.server.pwd).Check(m); err != nil {
				return fmt.Errorf("%s: the answer to the connectivity check: %w", c.name, err)
			}
			return nil
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: waiting for an answer to connectivity checks: %w", c.name, ctx.Err())
		}
	}
}

// secure does the DTLS handshake and takes the keys from it (RFC 5764).
func (c *client) secure(ctx context.Context, cert tls.Certificate) error {
	var err error
	c.dtls, err = dtls.ClientWithOptions(&handshakeConn{Buffer: c.handshake, c: c}, c.conn.LocalAddr(),
		dtls.WithCertificates(cert), dtls.WithInsecureSkipVerify(true),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithFlightInterval(helloAgain),
		dtls.WithVerifyPeerCertificate(c.verify))
	if err != nil {
		return fmt.Errorf("%s: preparing DTLS: %w", c.name, err)
	}
	if err := c.dtls.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("%s: DTLS handshake: %w", c.name, err)
	}
	state, ok := c.dtls.ConnectionState()
	if !ok {
		return fmt.Errorf("%s: DTLS has no state after its handshake", c.name)
	}
	cfg := srtp.Config{Profile: profile}
	if err := cfg.ExtractSessionKeysFromDTLS(&state, true); err != nil {
		return fmt.Errorf("%s: taking keys from DTLS: %w", c.name, err)
	}
	in, err := inContext(cfg.Keys.RemoteMasterKey, cfg.Keys.RemoteMasterSalt)
	if err != nil {
		return err
	}
	out, err := srtp.CreateContext(cfg.Keys.LocalMasterKey, cfg.Keys.LocalMasterSalt, profile)
	if err != nil {
		return fmt.Errorf("making the sending SRTP context: %w", err)
	}
	c.ssrc = binary.BigEndian.Uint32([]byte(rand.Text())) | 1
	c.twcc = twcc.NewRecorder(c.ssrc)
	c.unlock(in, out)
	return nil
}

func inContext(key, salt []byte) (*srtp.Context, error) {
	in, err := srtp.CreateContext(key, salt, profile, srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return nil, fmt.Errorf("making the receiving SRTP context: %w", err)
	}
	return in, nil
}

var errFingerprint = errors.New("the server's certificate is not the one that its answer names")

// verify holds the certificate against the answer's fingerprint.
func (c *client) verify(certs [][]byte, _ [][]*x509.Certificate) error {
	if len(certs) == 0 || !bytes.Equal([]byte(fingerprint(certs[0])), []byte(c.server.fingerprint)) {
		return errFingerprint
	}
	return nil
}

// handshakeConn is what the DTLS connection reads and writes: the client's
// reading goroutine fills the buffer.
type handshakeConn struct {
	*packetio.Buffer
	c *client
}

func (h *handshakeConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := h.Read(b)
	return n, net.UDPAddrFromAddrPort(h.c.remote), err
}

func (h *handshakeConn) WriteTo(b []byte, _ net.Addr) (int, error) {
	return len(b), h.c.write(b)
}

func (h *handshakeConn) LocalAddr() net.Addr              { return h.c.conn.LocalAddr() }
func (h *handshakeConn) SetDeadline(t time.Time) error    { return h.SetReadDeadline(t) }
func (h *handshakeConn) SetWriteDeadline(time.Time) error { return nil }
