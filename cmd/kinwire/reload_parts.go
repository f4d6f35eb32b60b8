package main

import (
	"errors"
	"time"

	"kinwire/configs"
	"kinwire/signaling"
	"kinwire/signaling/netcheck"
	"kinwire/signaling/relay"
	"kinwire/signaling/relay/groups"
	"kinwire/turn"
)

var errNoTLS = errors.New("http.tls: the server runs without TLS; whether it has a certificate is settled at the start")

func relayConfigOf(c *configs.Config) relay.Config   { return relayConfig(c.Relay) }
func groupsConfigOf(c *configs.Config) groups.Config { return groupsConfig(c.Relay) }

func signalingParts(c *configs.Config) signaling.Config {
	return signalingConfig(c, c.Operator.Token.Reveal())
}

// signaling takes the token out of its file where none is configured.
func (s *running) signaling(c signaling.Config) error {
	if c.OperatorToken == "" {
		token, err := operatorToken(&configs.Config{DataDir: s.dataDir})
		if err != nil {
			return err
		}
		c.OperatorToken = token
	}
	s.planes.server.Tune(c)
	return nil
}

func (s *running) certificate(t configs.HTTPTLS) error {
	switch {
	case t.CertFile == "":
		return nil
	case s.pair == nil:
		return errNoTLS
	}
	return s.pair.use(t.CertFile, t.KeyFile)
}

// turn and the two below are nil where that part of the server is not there.
func (s *running) turn() func(turn.Config) error {
	if s.planes.turn == nil {
		return nil
	}
	return s.planes.turn.Tune
}

func (s *running) credentials() func(time.Duration) error {
	if s.planes.creds == nil {
		return nil
	}
	return surely(s.planes.creds.SetLifetime)
}

func (s *running) pushTTL() func(time.Duration) error {
	if s.planes.families.push == nil {
		return nil
	}
	return surely(s.planes.families.push.SetTTL)
}

func (s *running) netcheck(c netcheck.Config) error {
	s.planes.netcheck.Tune(c)
	return nil
}

func (s *running) setGrace(d time.Duration) { s.grace.Store(int64(d)) }
