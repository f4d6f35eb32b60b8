package turn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// spareStreams is how many TCP and TLS connections may be open beyond the number
// of allocations: those that are being made, or only ask for their address.
const spareStreams = 256

// listen opens all listeners, then starts to serve on them.
func (srv *Server) listen(now func() time.Time) error {
	tlsConfig, err := srv.tlsConfig(now)
	if err != nil {
		return err
	}
	var ports []*datagrams
	for _, addr := range srv.cfg.UDP {
		d, err := listenUDP(srv.ctx, addr)
		if err != nil {
			return errors.Join(err, closeAll(ports))
		}
		ports = append(ports, d)
		srv.addrs.UDP = append(srv.addrs.UDP, addrPortOf(d.localAddr()))
	}
	if err := srv.listenStreams(tlsConfig); err != nil {
		return errors.Join(err, closeAll(ports))
	}
	bound := append(append(append([]netip.AddrPort(nil), srv.addrs.UDP...), srv.addrs.TCP...), srv.addrs.TLS...)
	srv.hosts = findHosts(srv.cfg.PublicAddresses, bound)

	for i, d := range ports {
		if err := srv.serve(d, "udp"); err != nil {
			return errors.Join(fmt.Errorf("turn: serving on udp %s: %w", srv.addrs.UDP[i], err), closeAll(ports[i:]))
		}
	}
	for i, l := range srv.listeners {
		srv.running.Add(1)
		if i < len(srv.addrs.TCP) {
			go srv.accept(l, "tcp", nil)
		} else {
			go srv.accept(l, "tls", tlsConfig)
		}
	}
	return nil
}

// listenStreams opens the TCP listeners, then those for TLS.
func (srv *Server) listenStreams(tlsConfig *tls.Config) error {
	lists := []struct {
		given []string
		bound *[]netip.AddrPort
	}{{srv.cfg.TCP, &srv.addrs.TCP}, {srv.cfg.TLS, &srv.addrs.TLS}}
	if tlsConfig == nil {
		if len(srv.cfg.TLS) > 0 {
			srv.log.Info("turn: no certificate configured, so not listening for TLS")
		}
		lists = lists[:1]
	}
	for _, list := range lists {
		for _, addr := range list.given {
			l, err := new(net.ListenConfig).Listen(srv.ctx, "tcp", addr)
			if err != nil {
				return fmt.Errorf("turn: listening on tcp %s: %w", addr, err)
			}
			srv.listeners = append(srv.listeners, l)
			*list.bound = append(*list.bound, addrPortOf(l.Addr()))
		}
	}
	return nil
}

// tlsConfig gives nil when no certificate is configured.
func (srv *Server) tlsConfig(now func() time.Time) (*tls.Config, error) {
	if srv.cfg.CertFile == "" {
		return nil, nil
	}
	cert, err := loadCertificate(srv.cfg.CertFile, srv.cfg.KeyFile, now, srv.log)
	if err != nil {
		return nil, err
	}
	srv.cert = cert
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: cert.get}, nil
}

func closeAll(ports []*datagrams) error {
	var errs []error
	for _, d := range ports {
		if err := d.close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// accept takes connections until l is closed. When the process is out of file
// descriptors, say, it waits a little, and does not end.
func (srv *Server) accept(l net.Listener, proto string, config *tls.Config) {
	defer srv.running.Done()
	const shortest, longest = 5 * time.Millisecond, time.Second
	pause := shortest
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			srv.log.Warn("turn: accepting a connection", "transport", proto, "error", err)
			wait(srv.ctx, pause)
			pause = min(2*pause, longest)
			continue
		}
		pause = shortest
		srv.welcome(conn, proto, config)
	}
}

// welcome starts a goroutine that brings conn to where pion reads it, unless
// there are too many already.
func (srv *Server) welcome(conn net.Conn, proto string, config *tls.Config) {
	if n := srv.count.streams.Add(1); n > int64(srv.limits.Load().allocations+spareStreams) {
		srv.count.streams.Add(-1)
		srv.count.drop(dropStreamLimit)
		conn.Close()
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(streamBuffer) // best effort
	}
	if config != nil {
		conn = tls.Server(conn, config)
	}
	srv.mu.Lock()
	if srv.closed {
		srv.mu.Unlock()
		srv.count.streams.Add(-1)
		conn.Close()
		return
	}
	srv.running.Add(1)
	srv.conns[conn] = struct{}{}
	srv.mu.Unlock()

	go func() {
		defer srv.running.Done()
		st := newStream(conn, idleTime)
		if err := st.handshake(srv.ctx); err != nil {
			srv.turnAway(conn)
			return
		}
		// serve tells of a closed server, or of pion refusing a configuration
		// that New has already had it accept.
		if err := srv.serve(st, proto); err != nil {
			srv.turnAway(conn)
		}
	}()
}

// turnAway closes a connection that did not become a socket. One that did and
// then failed has been uncounted by its end.
func (srv *Server) turnAway(conn net.Conn) {
	conn.Close()
	srv.mu.Lock()
	_, waiting := srv.conns[conn]
	delete(srv.conns, conn)
	srv.mu.Unlock()
	if waiting {
		srv.count.streams.Add(-1)
	}
}

// wait sleeps for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
