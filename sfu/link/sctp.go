package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/dtls/v3"
	"github.com/pion/sctp"
	"github.com/pion/transport/v4/packetio"

	"kinwire/internal/pionlog"
)

const (
	// dataWindow is how many bytes the peer may send before they are read: SCTP's
	// receive window. A message that is larger never becomes whole.
	dataWindow = 128 << 10
	// dataPieces is how many pieces of messages may wait in one channel. Who
	// sends more, against the rate at which they are taken, has no data any more.
	dataPieces = 1024
	// dataPackets and dataBytes bound what has come out of DTLS and not gone into
	// SCTP yet.
	dataPackets, dataBytes = 256, 1 << 18
)

// pipe is the net.Conn on which SCTP stands (RFC 8261): the goroutine that
// reads the DTLS connection puts packets in, what SCTP sends goes straight to
// DTLS. Its end is not that of the DTLS connection: media goes on without data.
type pipe struct {
	in  *packetio.Buffer
	out *dtls.Conn
}

func newPipe(out *dtls.Conn) *pipe {
	p := &pipe{in: packetio.NewBuffer(), out: out}
	p.in.SetLimitCount(dataPackets)
	p.in.SetLimitSize(dataBytes)
	return p
}

func (p *pipe) Read(b []byte) (int, error)          { return p.in.Read(b) }
func (p *pipe) Write(b []byte) (int, error)         { return p.out.Write(b) }
func (p *pipe) Close() error                        { return p.in.Close() }
func (p *pipe) LocalAddr() net.Addr                 { return anywhere }
func (p *pipe) RemoteAddr() net.Addr                { return anywhere }
func (p *pipe) SetDeadline(at time.Time) error      { return p.in.SetReadDeadline(at) }
func (p *pipe) SetReadDeadline(at time.Time) error  { return p.in.SetReadDeadline(at) }
func (p *pipe) SetWriteDeadline(at time.Time) error { return nil }

// hearOut stays until the peer says good-bye by DTLS, or we do. What comes over
// DTLS itself is SCTP's, if the peer has offered data; the first packet begins
// the association, of which there is one.
func (l *Link) hearOut(conn *dtls.Conn) error {
	b := make([]byte, dtlsMessage)
	var p *pipe
	for {
		n, err := conn.Read(b)
		if err != nil {
			if p != nil {
				_ = p.Close()
			}
			return err
		}
		if !l.data.agreed.Load() {
			l.t.count.malformed.Add(1)
			continue
		}
		if p == nil {
			p = newPipe(conn)
			l.running.Add(1)
			go l.runData(p)
		}
		_, _ = p.in.Write(b[:n]) // full: SCTP sends again; closed: there is no data any more
	}
}

// runData runs SCTP until its end.
func (l *Link) runData(p *pipe) {
	defer l.running.Done()
	err := l.serveData(p)
	_ = p.Close()
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, sctp.ErrAssociationClosedBeforeConn) {
		l.t.log.Debug("SCTP", "err", err)
	}
}

// serveData takes the peer's channels and waits for their goroutines.
func (l *Link) serveData(p *pipe) error {
	a, err := sctp.ServerWithOptions(
		sctp.WithNetConn(p), sctp.WithLoggerFactory(pionlog.New(l.t.log, slog.LevelDebug)), sctp.WithName("link"),
		sctp.WithMaxReceiveBufferSize(dataWindow), sctp.WithMaxReassemblyQueueEntries(dataPieces),
		sctp.WithMaxMessageSize(MaxMessage+maxPrefix),
	)
	if err != nil {
		return fmt.Errorf("link: SCTP: %w", err)
	}
	l.data.begin(a)
	ctx, cancel := context.WithCancel(l.ctx)
	var readers sync.WaitGroup
	defer func() {
		cancel()
		_ = a.Close()
		readers.Wait()
	}()
	for {
		s, err := a.AcceptStream()
		if err != nil {
			return fmt.Errorf("link: taking a data channel: %w", err)
		}
		if !l.data.hold() {
			_ = s.Close()
			l.strike(DataCloseRefused)
			continue
		}
		readers.Go(func() {
			defer l.data.release()
			l.serveChannel(ctx, s)
		})
	}
}

// strike notes that a channel was closed by the peer's fault. After one too
// many it has no data any more.
func (l *Link) strike(why DataClose) {
	l.t.count.data.closed[why].Add(1)
	if a := l.data.strike(); a != nil {
		l.t.count.data.closed[DataCloseAbused].Add(1)
		a.Abort("too many data channels that could not be")
	}
}

// serveChannel takes one channel from its beginning (RFC 8832) to its end.
func (l *Link) serveChannel(ctx context.Context, s *sctp.Stream) {
	c, err := datachannel.Server(s, &datachannel.Config{LoggerFactory: pionlog.New(l.t.log, slog.LevelDebug)})
	switch {
	case ctx.Err() != nil || errors.Is(err, io.EOF):
		return // it has ended before it began
	case err != nil || len(c.Label) > maxLabel:
		_ = s.Close()
		l.strike(DataCloseRefused)
		return
	}
	l.data.enter(c)
	err = l.readChannel(ctx, c)
	l.data.forget(c)
	_ = c.Close()
	if errors.Is(err, io.ErrShortBuffer) {
		l.strike(DataCloseLarge)
	}
}

// readChannel hands the owner what comes, as fast as the peer may send.
func (l *Link) readChannel(ctx context.Context, c *datachannel.DataChannel) error {
	b := make([]byte, MaxMessage)
	for {
		n, text, err := c.ReadDataChannel(b)
		if err != nil {
			return err
		}
		if !l.await(ctx, n) {
			return ctx.Err()
		}
		l.t.count.data.received.Add(1)
		l.t.count.data.receivedBytes.Add(uint64(n))
		l.owner.Data(c.Label, text, b[:n])
	}
}
