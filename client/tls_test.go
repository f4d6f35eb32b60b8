package client

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTURNDialer: the certificate is checked, against the configuration given.
func TestTURNDialer(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	s.Config.ErrorLog = nil
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	address := s.Listener.Addr().String()

	d := newTURNDialer(MediaOptions{TLS: &tls.Config{RootCAs: roots}})
	conn, err := d.Dial("tcp4", address)
	require.NoError(t, err)
	_, isTCP := conn.LocalAddr().(*net.TCPAddr)
	require.True(t, isTCP, "pion takes it for one")
	_, err = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(answer), "404")
	require.NoError(t, conn.Close())

	d = newTURNDialer(MediaOptions{TLS: &tls.Config{RootCAs: x509.NewCertPool()}})
	_, err = d.Dial("tcp4", address)
	require.ErrorContains(t, err, "certificate")
	_, err = d.Dial("tcp4", "nowhere")
	require.ErrorContains(t, err, "nowhere")
}
