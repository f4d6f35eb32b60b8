package blobs_test

import (
	"bytes"
	"context"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/relay/blobs"
	"kinwire/signaling/relay/blobs/s3"
)

// The S3 server of these tests is a real one: the Versity S3 Gateway, on a
// folder. It is large, with modules that Kinwire has no other use for, so it is
// not among the module's tools: KINWIRE_TEST_S3 names its program, or the
// search path has it, which
//
//	go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
//
// brings about. Without it the test is skipped, or fails where
// KINWIRE_TEST_REQUIRE names s3.
func s3Program(t *testing.T) string {
	t.Helper()
	program := os.Getenv("KINWIRE_TEST_S3")
	if program == "" {
		program = "versitygw"
	}
	path, err := exec.LookPath(program)
	if err != nil && slices.Contains(strings.Split(os.Getenv("KINWIRE_TEST_REQUIRE"), ","), "s3") {
		t.Fatalf("no S3 server: %v", err)
	}
	if err != nil {
		t.Skipf("no S3 server: %v: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0, or set KINWIRE_TEST_S3", err)
	}
	return path
}

const s3Access, s3Secret = "kinwire-test", "not-a-secret"

// s3House is a server that runs on a socket until the test ends.
type s3House struct{ root, socket string }

func s3Server(t *testing.T) newBucket { return startS3(t).bucket }

func startS3(t *testing.T) s3House {
	t.Helper()
	program := s3Program(t)
	dir, err := os.MkdirTemp("", "kin-s3-") // a socket's path must stay under 108 bytes
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	socket, root := filepath.Join(dir, "s3.sock"), filepath.Join(dir, "root")
	for _, folder := range []string{root, filepath.Join(dir, "meta")} {
		require.NoError(t, os.Mkdir(folder, 0o700))
	}
	out := new(bytes.Buffer)
	server := exec.Command(program, "--port", socket, "--quiet", "posix", "--sidecar", filepath.Join(dir, "meta"), root)
	server.Dir, server.Stdout, server.Stderr = dir, out, out
	server.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s3Access, "ROOT_SECRET_KEY="+s3Secret)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, server.Start())
	died := make(chan error, 1)
	go func() { died <- server.Wait() }()
	t.Cleanup(func() {
		require.NoError(t, server.Process.Kill())
		<-died
	})
	probe := dialS3(t, socket, s3.Config{Bucket: "none"})
	require.Eventually(t, func() bool {
		select {
		case err := <-died:
			died <- err // for the clean-up
			t.Errorf("the S3 server did not start: %v: %s", err, out)
			return true
		default:
			err := probe.Check(t.Context())
			return err != nil && strings.Contains(err.Error(), "there is no bucket")
		}
	}, time.Minute, 20*time.Millisecond)
	require.False(t, t.Failed())
	return s3House{root, socket}
}

// bucket is a new one. A folder is a bucket.
func (h s3House) bucket(t *testing.T) blobs.Bucket {
	folder, err := os.MkdirTemp(h.root, "attachments-")
	require.NoError(t, err)
	return dialS3(t, h.socket, s3.Config{Bucket: filepath.Base(folder)})
}

// dialS3 makes a client of the server behind a socket.
func dialS3(t *testing.T, socket string, cfg s3.Config) *s3.Bucket {
	t.Helper()
	var dialer net.Dialer
	cfg.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", socket)
	}}
	cfg.Endpoint, cfg.PathStyle = "http://s3.test", true
	if cfg.AccessKey == "" {
		cfg.AccessKey, cfg.SecretKey = s3Access, s3Secret
	}
	bucket, err := s3.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	return bucket
}

// TestS3SettingsThatAreWrong are found at the start, and in the words of the
// one who set them.
func TestS3SettingsThatAreWrong(t *testing.T) {
	good := s3.Config{Endpoint: "https://s3.example.org:9000", Bucket: "b", AccessKey: "a", SecretKey: "s"}
	bucket, err := s3.New(good)
	require.NoError(t, err)
	require.NoError(t, bucket.Close())
	for _, endpoint := range []string{"", "s3.example.org", "ftp://s3.example.org", "https://", "https://s3.example.org/path", "https://me:pass-word@s3.example.org", "https://s3.example.org?x", "://"} {
		cfg := good
		cfg.Endpoint = endpoint
		_, err := s3.New(cfg)
		require.ErrorContains(t, err, "endpoint", endpoint)
		require.NotContains(t, err.Error(), "pass-word")
	}
	for name, spoil := range map[string]func(*s3.Config){
		"bucket": func(c *s3.Config) { c.Bucket = "" }, "access key": func(c *s3.Config) { c.AccessKey = "" }, "secret key": func(c *s3.Config) { c.SecretKey = "" },
	} {
		cfg := good
		spoil(&cfg)
		_, err := s3.New(cfg)
		require.ErrorContains(t, err, name)
	}
}

func TestS3Check(t *testing.T) {
	h := startS3(t)
	require.NoError(t, h.bucket(t).(*s3.Bucket).Check(t.Context()))
	require.ErrorContains(t, dialS3(t, h.socket, s3.Config{Bucket: "none"}).Check(t.Context()), `no bucket "none"`)
}

// TestS3WrongKey: a server that does not take the key refuses everything. That
// is a fault, and no chunk that is missing.
func TestS3WrongKey(t *testing.T) {
	h := startS3(t)
	good := h.bucket(t)
	put(t, good, anID(1), 0, "x")
	name, err := os.ReadDir(h.root)
	require.NoError(t, err)
	for _, secret := range []s3.Config{{AccessKey: s3Access, SecretKey: "another-secret"}, {AccessKey: "nobody", SecretKey: s3Secret}} {
		secret.Bucket = name[0].Name()
		bad := dialS3(t, h.socket, secret)
		require.Error(t, bad.Check(t.Context()))
		require.Error(t, bad.Put(t.Context(), anID(1), 0, []byte("y")))
		_, err := bad.Get(t.Context(), anID(1), 0)
		require.Error(t, err)
		require.NotErrorIs(t, err, fs.ErrNotExist)
		require.NotContains(t, err.Error(), secret.SecretKey)
		require.Error(t, bad.Delete(t.Context(), anID(1)))
		for _, err := range bad.IDs(t.Context()) {
			require.Error(t, err)
		}
	}
	require.Equal(t, "x", get(t, good, anID(1), 0))
}

// TestS3ServerGone: a server that is away is a fault, too, and soon known.
func TestS3ServerGone(t *testing.T) {
	bucket := dialS3(t, filepath.Join(t.TempDir(), "nobody.sock"), s3.Config{Bucket: "b"})
	require.Error(t, bucket.Check(t.Context()))
	require.Error(t, bucket.Put(t.Context(), anID(1), 0, []byte("x")))
	_, err := bucket.Get(t.Context(), anID(1), 0)
	require.Error(t, err)
	require.NotErrorIs(t, err, fs.ErrNotExist)
	require.Error(t, bucket.Delete(t.Context(), anID(1)))
}
