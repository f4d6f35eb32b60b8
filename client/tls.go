package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"
)

// turnDialer connects to TURN servers over TLS. pion hands the whole of such a
// connection to its dialer, TLS included.
type turnDialer struct {
	config *tls.Config
	dial   func(network, address string) (net.Conn, error)
}

// newTURNDialer dials through o.Net if there is one.
func newTURNDialer(o MediaOptions) turnDialer {
	d := turnDialer{config: o.TLS, dial: (&net.Dialer{Timeout: dialTimeout}).Dial}
	if o.Net != nil {
		d.dial = o.Net.Dial
	}
	return d
}

// Dial is golang.org/x/net/proxy's Dialer.
func (d turnDialer) Dial(network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial TURN server %q: %w", address, err)
	}
	conn, err := d.dial(network, address)
	if err != nil {
		return nil, fmt.Errorf("dial TURN server %s: %w", address, err)
	}
	config := d.config.Clone()
	if config.ServerName == "" {
		config.ServerName = host
	}
	secured := tls.Client(conn, config)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS with TURN server %s: %w", address, err)
	}
	return secured, nil
}
