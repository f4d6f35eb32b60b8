package turn

import (
	"crypto/tls"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"
)

func TestTune(t *testing.T) {
	cfg := Config{MaxAllocations: 3, MaxAllocationsPerUser: 1}
	srv, _, creds := start(t, cfg)
	allocate := func(user, call string) (*raw, stun.ErrorCode) {
		name, password, _ := creds.Issue(user, call)
		c := dial(t, srv, name, password)
		return c, code(c.allocate())
	}
	first, got := allocate("mia", "1")
	require.Zero(t, got)
	_, got = allocate("mia", "2")
	require.Equal(t, stun.CodeAllocQuotaReached, got)
	outside := peer("198.51.100.7:9")
	require.Equal(t, stun.CodeForbidden, code(first.do(stun.MethodCreatePermission, outside)))

	cfg.MaxAllocationsPerUser = 3
	cfg.AllowedPeers = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	require.NoError(t, srv.Tune(cfg))
	_, got = allocate("mia", "2")
	require.Zero(t, got)
	ok(t, first.do(stun.MethodCreatePermission, outside)) // on the allocation that was there before

	cfg.MaxAllocations, cfg.AllowedPeers = 1, nil
	require.NoError(t, srv.Tune(cfg))
	require.Equal(t, 2, srv.Stats().Allocations, "those that are there stay")
	_, got = allocate("leo", "1")
	require.Equal(t, stun.CodeAllocQuotaReached, got)
	require.Equal(t, stun.CodeForbidden, code(first.do(stun.MethodCreatePermission, outside)))

	cfg.MaxAllocations = -1
	var wrong *ConfigError
	require.ErrorAs(t, srv.Tune(cfg), &wrong)
	ok(t, first.do(stun.MethodRefresh, lifetime(600)))
}

func TestTuneTakesAnotherCertificate(t *testing.T) {
	cfg := everywhere(t)
	srv, _, _ := start(t, cfg)
	served := func() string {
		conn, err := tls.Dial("tcp", srv.Addrs().TLS[0].String(), &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	require.Equal(t, "first", served())
	other := cfg
	other.CertFile, other.KeyFile = writeCertificate(t, t.TempDir(), "second")
	bad := other
	bad.KeyFile = cfg.KeyFile
	bad.MaxAllocations = 1
	require.Error(t, srv.Tune(bad), "a key of another certificate")
	require.Equal(t, "first", served())
	require.NotEqual(t, 1, srv.limits.Load().allocations, "nothing changes on an error")
	require.NoError(t, srv.Tune(other))
	require.Equal(t, "second", served())
}

func TestSetLifetime(t *testing.T) {
	now := time.Unix(1000, 0)
	creds := NewCredentials(nil, time.Hour, func() time.Time { return now })
	creds.SetLifetime(time.Minute)
	_, _, expires := creds.Issue("mia", "1")
	require.Equal(t, now.Add(time.Minute), expires)
	creds.SetLifetime(0)
	_, _, expires = creds.Issue("mia", "1")
	require.Equal(t, now.Add(DefaultCredentialLifetime), expires)
}
