package turn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// writeCertificate writes a self-signed certificate for 127.0.0.1 under name.
func writeCertificate(t testing.TB, dir, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	return certFile, keyFile
}

func TestCertificateIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := writeCertificate(t, dir, "first")
	var clock atomic.Int64 // seconds
	now := func() time.Time { return time.Unix(clock.Load(), 0) }
	srv, err := New(Config{TLS: []string{"127.0.0.1:0"}, CertFile: certFile, KeyFile: keyFile}, Deps{
		Credentials: NewCredentials(nil, 0, nil), SFU: newSFU(t), Now: now,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	require.NoError(t, err)
	defer srv.Close()

	served := func() string {
		conn, err := tls.Dial("tcp", srv.Addrs().TLS[0].String(), &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	// Times of files are set by hand, since two writes may share one.
	touch := func(at int) {
		for _, f := range []string{certFile, keyFile} {
			require.NoError(t, os.Chtimes(f, time.Unix(int64(at), 0), time.Unix(int64(at), 0)))
		}
	}
	require.Equal(t, "first", served())

	writeCertificate(t, dir, "second")
	touch(1000)
	require.Equal(t, "first", served(), "not looked at again within the same second")
	clock.Add(2)
	require.Equal(t, "second", served())

	require.NoError(t, os.WriteFile(keyFile, []byte("half written"), 0o600))
	touch(2000)
	clock.Add(2)
	require.Equal(t, "second", served(), "the old one serves while the new one is unfit")
	writeCertificate(t, dir, "third")
	touch(3000)
	clock.Add(2)
	require.Equal(t, "third", served())
}

func TestCertificateMissing(t *testing.T) {
	_, err := New(Config{CertFile: "no-such.pem", KeyFile: "no-such.key"},
		Deps{Credentials: NewCredentials(nil, 0, nil), SFU: newSFU(t)})
	require.ErrorIs(t, err, os.ErrNotExist)
}
