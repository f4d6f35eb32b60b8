package turn

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a TLS certificate on disk, read again when it changes there, so
// that a renewal needs no restart.
type certificate struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger

	mu      sync.Mutex
	cert    *tls.Certificate
	stamp   [2]fileStamp // of the files that cert was read from
	tried   [2]fileStamp // of the files that could not be used last
	checked time.Time
}

// fileStamp tells one content of a file from another without reading it.
type fileStamp struct {
	modified time.Time
	size     int64
}

// recheckTime is how often the files are looked at, at most.
const recheckTime = time.Second

func loadCertificate(certFile, keyFile string, now func() time.Time, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, now: now, log: log, checked: now()}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// get is a tls.Config.GetCertificate. If changed files cannot be used, the old
// certificate stays, the log says so once, and they are tried again when they
// change: a renewal may write one file a moment before the other.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.checked) >= recheckTime {
		c.checked = now
		stamp, err := c.stamps()
		if err == nil && stamp != c.stamp && stamp != c.tried {
			if err = c.load(); err == nil {
				c.log.Info("turn: new TLS certificate in use", "file", c.certFile)
			} else {
				c.tried = stamp
				c.log.Warn("turn: changed TLS certificate cannot be used, keeping the old one", "error", err)
			}
		}
	}
	return c.cert, nil
}

// load reads both files. The stamps are taken first: if the files change
// meanwhile they are read again at the next check.
func (c *certificate) load() error {
	stamp, err := c.stamps()
	if err != nil {
		return err
	}
	cert, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("turn: reading TLS certificate %s and key %s: %w", c.certFile, c.keyFile, err)
	}
	c.cert, c.stamp = &cert, stamp
	return nil
}

func (c *certificate) stamps() (stamps [2]fileStamp, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return stamps, fmt.Errorf("turn: looking at TLS file: %w", err)
		}
		stamps[i] = fileStamp{modified: info.ModTime(), size: info.Size()}
	}
	return stamps, nil
}
