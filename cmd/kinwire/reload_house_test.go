package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/metrics"
)

// start runs the reloader until the test ends.
func (b *bench) start() {
	ctx, stop := context.WithCancel(b.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.run(ctx)
	}()
	b.t.Cleanup(func() { stop(); <-done })
	// The watch is there when a change is noticed: until then the file is written
	// again and again.
	require.Eventually(b.t, func() bool {
		b.write("")
		return b.status.unchangedSoFar() > 0
	}, 30*time.Second, 300*time.Millisecond)
}

// unchangedSoFar is for tests.
func (s *reloadStatus) unchangedSoFar() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[reloadUnchanged]
}

// noRecords keeps none.
type noRecords struct{}

func (noRecords) SaveRecord(context.Context, metrics.Row) error { return nil }
func (noRecords) LoadRecord(context.Context, string) (metrics.Row, error) {
	return metrics.Row{}, metrics.ErrNotFound
}

func scraped(t *testing.T, rec *metrics.Recorder) string {
	t.Helper()
	w := httptest.NewRecorder()
	rec.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, 200, w.Code)
	return w.Body.String()
}

// writePair writes a self-signed certificate and its key.
func writePair(t *testing.T, name string) (files [2]string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	for i, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: keyDER}} {
		files[i] = filepath.Join(dir, []string{"cert.pem", "key.pem"}[i])
		require.NoError(t, os.WriteFile(files[i], pem.EncodeToMemory(block), 0o600))
	}
	return files
}

func nameOf(t *testing.T, c *tls.Certificate) string {
	t.Helper()
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	require.NoError(t, err)
	return leaf.Subject.CommonName
}
