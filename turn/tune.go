package turn

import "time"

// limits are what Tune can change. They are read for every packet to or from an
// allowed peer, so they stand behind an atomic pointer and do not change.
type limits struct {
	allowed             allowedPeers
	allocations, ofUser int
}

func newLimits(cfg Config) *limits {
	return &limits{
		allowed: newAllowedPeers(cfg.AllowedPeers), allocations: cfg.MaxAllocations, ofUser: cfg.MaxAllocationsPerUser,
	}
}

// Tune takes over what of cfg can change while allocations live: AllowedPeers
// (for the next packet), MaxAllocations and MaxAllocationsPerUser (for the next
// allocation; those that are there stay), and, where there is a certificate,
// CertFile and KeyFile. The rest of cfg is checked and otherwise left alone.
// Nothing changes on an error, which is a *ConfigError or says what was wrong
// with the certificate.
func (srv *Server) Tune(cfg Config) error {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	if srv.cert != nil && cfg.CertFile != "" {
		if err := srv.cert.use(cfg.CertFile, cfg.KeyFile); err != nil {
			return err
		}
	}
	srv.limits.Store(newLimits(cfg))
	return nil
}

// use takes the certificate from other files from now on; when they cannot be
// used, all stays as it was.
func (c *certificate) use(certFile, keyFile string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if certFile == c.certFile && keyFile == c.keyFile {
		return nil
	}
	oldCert, oldKey := c.certFile, c.keyFile
	c.certFile, c.keyFile = certFile, keyFile
	if err := c.load(); err != nil {
		c.certFile, c.keyFile = oldCert, oldKey
		return err
	}
	c.checked, c.tried = c.now(), [2]fileStamp{}
	return nil
}

// SetLifetime changes how long the credentials are good that are issued from
// now on; 0 or less is the default.
func (c *Credentials) SetLifetime(lifetime time.Duration) {
	if lifetime <= 0 {
		lifetime = DefaultCredentialLifetime
	}
	c.lifetime.Store(int64(lifetime))
}
