package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// recheckCert is how often the files of a certificate are looked at, at most.
const recheckCert = time.Second

// keyPair is the certificate of http.tls, read again when its files change, so
// that a renewal needs neither a restart nor a signal.
type keyPair struct {
	log *slog.Logger
	now func() time.Time

	mu        sync.Mutex
	cert, key string // paths
	pair      *tls.Certificate
	stamp     [2]certStamp // of the files that pair is from
	tried     [2]certStamp // of those that could not be used last
	looked    time.Time
}

// certStamp tells one content of a file from another without reading it.
type certStamp struct {
	modified time.Time
	size     int64
}

// newKeyPair reads both files; nil where there are none.
func newKeyPair(cert, key string, log *slog.Logger, now func() time.Time) (*keyPair, error) {
	if cert == "" {
		return nil, nil
	}
	p := &keyPair{log: log, now: now}
	return p, p.use(cert, key)
}

// use goes over to other files. When they cannot be used, all stays as it was.
func (p *keyPair) use(cert, key string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	stamp, err := certStamps(cert, key)
	if err != nil {
		return fmt.Errorf("http.tls: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("http.tls: reading %s and %s: %w", cert, key, err)
	}
	p.cert, p.key, p.pair, p.stamp, p.looked = cert, key, &pair, stamp, p.now()
	return nil
}

// get is a tls.Config.GetCertificate. Where changed files cannot be used, the
// old certificate stays, the log says so once, and they are tried again when
// they change: a renewal may write one file a moment before the other.
func (p *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if now.Sub(p.looked) < recheckCert {
		return p.pair, nil
	}
	p.looked = now
	stamp, err := certStamps(p.cert, p.key)
	if err != nil || stamp == p.stamp || stamp == p.tried {
		return p.pair, nil
	}
	pair, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		p.tried = stamp
		p.log.Warn("changed TLS certificate cannot be used, keeping the old one", "err", err)
		return p.pair, nil
	}
	p.pair, p.stamp = &pair, stamp
	p.log.Info("new TLS certificate in use", "file", p.cert)
	return p.pair, nil
}

func certStamps(files ...string) (stamps [2]certStamp, err error) {
	for i, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			return stamps, err
		}
		stamps[i] = certStamp{modified: info.ModTime(), size: info.Size()}
	}
	return stamps, nil
}
