package turn

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"
)

// stunMessage gives a Binding request with n bytes of attributes.
func stunMessage(n int) []byte {
	m := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	if n >= 4 {
		m.Add(stun.AttrSoftware, make([]byte, n-4))
	}
	return m.Raw
}

func channelMessage(number uint16, data []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, number)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	b = append(b, data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func TestFramer(t *testing.T) {
	msgs := [][]byte{
		stunMessage(0), channelMessage(0x4000, nil), channelMessage(0x4000, []byte("1")), stunMessage(100),
		channelMessage(0x7fff, make([]byte, 1500)), stunMessage(maxFrame - stunHeader),
		channelMessage(0x4000, make([]byte, maxFrame-channelHeader)), stunMessage(8),
	}
	var all []byte
	for _, m := range msgs {
		all = append(all, m...)
	}
	for name, r := range map[string]func([]byte) io.Reader{
		"whole":       func(b []byte) io.Reader { return &sliceReader{b} },
		"byte a time": func(b []byte) io.Reader { return iotest.OneByteReader(&sliceReader{b}) },
		"data and err": func(b []byte) io.Reader {
			return iotest.DataErrReader(&sliceReader{b})
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := framer{r: r(all)}
			buf := make([]byte, inboundMTU)
			for i, want := range msgs {
				n, err := f.next(buf)
				require.NoError(t, err)
				require.Equal(t, want, buf[:n], "message %d", i)
			}
			_, err := f.next(buf)
			require.ErrorIs(t, err, io.EOF)
		})
	}
}

type sliceReader struct{ b []byte }

func (s *sliceReader) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.b)
	s.b = s.b[n:]
	return n, nil
}

// hostile streams: the lengths are those at which 16-bit arithmetic wraps.
var hostile = map[string][]byte{
	"STUN of 65536 bytes":       {0, 1, 0xff, 0xec, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	"STUN of odd length":        {0, 1, 0, 3, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	"channel of 65536 bytes":    {0x40, 0, 0xff, 0xfc, 0, 0, 0, 0, 0, 0, 0, 0},
	"channel of 65539 bytes":    {0x40, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0},
	"one byte too many":         {0x40, 0, 0x07, 0xf9, 0, 0, 0, 0},
	"HTTP":                      []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
	"TLS where TCP is spoken":   {0x16, 0x03, 0x01, 0x02, 0x00, 0x01},
	"something else altogether": {0xff, 0xff, 0xff, 0xff},
}

func TestHostileStreams(t *testing.T) {
	srv, _, _ := start(t, Config{TCP: []string{"127.0.0.1:0"}})
	for name, bytes := range hostile {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", srv.Addrs().TCP[0].String())
			require.NoError(t, err)
			defer conn.Close()
			_, err = conn.Write(bytes)
			require.NoError(t, err)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
			_, err = conn.Read(make([]byte, 1))
			require.Error(t, err)
			var timeout net.Error
			require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the server hangs up")
		})
	}
	eventually(t, func() bool { return srv.Stats().Streams == 0 }, "none is left")
}

func TestSilentStreamIsClosed(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	st := newStream(here, 10*time.Millisecond)
	asked := make(chan struct{}, 100)
	allocated := make(chan bool, 3)
	allocated <- true
	allocated <- true
	allocated <- false
	st.busy = func() bool { asked <- struct{}{}; return <-allocated }
	_, _, err := st.read(make([]byte, inboundMTU))
	require.ErrorContains(t, err, "timeout")
	require.Len(t, asked, 3, "with an allocation it may be silent")
}

func TestStreamLimit(t *testing.T) {
	srv, _, _ := start(t, Config{TCP: []string{"127.0.0.1:0"}, MaxAllocations: 1})
	srv.count.streams.Add(spareStreams + 1) // as if so many were open
	defer srv.count.streams.Add(-spareStreams - 1)
	conn, err := net.Dial("tcp", srv.Addrs().TCP[0].String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, err = conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, uint64(1), srv.Stats().Drops["stream_limit"])
}

func TestPlainTextOnTLS(t *testing.T) {
	srv, _, _ := start(t, everywhere(t))
	conn, err := net.Dial("tcp", srv.Addrs().TLS[0].String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write(stunMessage(0))
	require.NoError(t, err)
	_, _ = io.ReadAll(conn)
	eventually(t, func() bool { return srv.Stats().Streams == 0 }, "gone")
	require.Zero(t, srv.Stats().AllocationsTotal)

	_, err = tls.Dial("tcp", srv.Addrs().TLS[0].String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11})
	require.Error(t, err, "no TLS 1.1")
}

// TestSlowStreamClient: a client that reads nothing holds nobody up, and costs
// only its own oldest packets.
func TestSlowStreamClient(t *testing.T) {
	srv, media, creds := start(t, Config{TCP: []string{"127.0.0.1:0"}})
	conn, err := net.Dial("tcp", srv.Addrs().TCP[0].String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
	user, password, _ := creds.Issue("mia", "call-1")
	c := &raw{t: t, conn: conn, user: user, password: password, realm: DefaultRealm}
	relayed := relayedOf(t, c.allocate())
	ok(t, c.do(stun.MethodChannelBind, peer(sfuAddr), channel(0x4000)))

	p := make([]byte, 1200)
	for range 1_000_000 {
		require.True(t, media.send(p, media.addrs[0], relayed))
		if srv.Stats().Drops["queue_full"] > 1000 {
			break
		}
	}
	require.Greater(t, srv.Stats().Drops["queue_full"], uint64(1000))
	require.Equal(t, 1, srv.Stats().Allocations)
	require.NoError(t, srv.Close(), "and it does not hold up the end")
}
