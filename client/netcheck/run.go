package netcheck

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"kinwire/signaling/proto"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// checker is one check under way.
type checker struct {
	opt      Options
	base     *url.URL
	progress func(Row)
	res      *Result
}

// Run checks, and gives what it found: that something does not work is no
// error. progress hears of each row as it is known; nil: nobody does. An error
// is a [*BadURLError], or that ctx has ended.
func Run(ctx context.Context, opt Options, progress func(Row)) (*Result, error) {
	base, err := url.Parse(strings.TrimRight(opt.BaseURL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, &BadURLError{opt.BaseURL}
	}
	if opt.HTTP == nil {
		transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
		defer transport.CloseIdleConnections()
		opt.HTTP = &http.Client{Transport: transport}
	}
	if opt.Timeout <= 0 {
		opt.Timeout = 6 * time.Second
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if progress == nil {
		progress = func(Row) {}
	}
	c := &checker{opt: opt, base: base, progress: progress, res: &Result{Server: base.Scheme + "://" + base.Host, At: opt.Now(), Rows: []Row{}, Advice: []string{}}}
	c.run(ctx)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("check the network towards %s: %w", c.res.Server, err)
	}
	c.res.Took = opt.Now().Sub(c.res.At)
	c.res.judge()
	return c.res, nil
}

func (c *checker) run(ctx context.Context) {
	c.add(c.https(ctx))
	c.add(c.socket(ctx))
	if c.res.row("https").State != OK {
		c.without("the server's pages cannot be reached")
		return
	}
	var check proto.NetCheck
	if err := c.call(ctx, http.MethodPost, "/v1/netcheck", nil, &check); err != nil {
		c.without("the server does not check networks: " + short(err))
		return
	}
	defer func() {
		// A check that was given up is ended as well: its place is needed.
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = c.call(end, http.MethodDelete, "/v1/netcheck/"+check.ID, nil, nil) // it expires by itself
	}()
	c.res.Seen = check.Seen
	c.add(c.stun(ctx, check.STUN))
	for _, w := range ways {
		if ctx.Err() != nil {
			return
		}
		c.add(c.media(ctx, w, check))
	}
}

func (c *checker) add(r Row) {
	c.res.Rows = append(c.res.Rows, r)
	c.progress(r)
}

// without fills in the rows that could not be tried.
func (c *checker) without(why string) {
	c.add(Row{What: "STUN, UDP", Name: "stun", State: Absent, Detail: why})
	for _, w := range ways {
		c.add(Row{What: w.what, Name: w.name, State: Absent, Detail: why})
	}
}

// https asks for the page that says that the server runs, twice: the second
// time is a round trip on a connection that stands.
func (c *checker) https(ctx context.Context) Row {
	row := Row{What: "pages over " + strings.ToUpper(c.base.Scheme), Name: "https"}
	for i := range 2 {
		began := c.opt.Now()
		if err := c.call(ctx, http.MethodGet, "/healthz", nil, nil); err != nil {
			row.State, row.Detail = Failed, short(err)
			return row
		}
		if took := c.opt.Now().Sub(began); i == 0 {
			row.Took = took
		} else {
			row.RTT = took
		}
	}
	row.State = OK
	return row
}

// socket opens the WebSocket and closes it again, with no word said.
func (c *checker) socket(ctx context.Context) Row {
	row := Row{What: "WebSocket", Name: "websocket"}
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	u := *c.base
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	u.Path += "/v1/ws"
	began := c.opt.Now()
	conn, res, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{HTTPClient: c.opt.HTTP})
	if err != nil {
		row.State, row.Detail = Failed, short(err)
		if res != nil && res.StatusCode != http.StatusSwitchingProtocols {
			row.Detail = fmt.Sprintf("the answer was %d: a proxy in between that does not pass WebSockets on, or the server is stopping", res.StatusCode)
		}
		return row
	}
	row.Took = c.opt.Now().Sub(began)
	_ = conn.CloseNow()
	row.State = OK
	return row
}

// call makes a request of the API.
func (c *checker) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, body)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.opt.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		refused := &proto.Error{}
		if json.Unmarshal(text, refused) != nil || refused.Code == "" {
			return fmt.Errorf("the answer was %s, and not Kinwire's", res.Status)
		}
		return refused
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("the answer is not what Kinwire sends: %w", err)
	}
	return nil
}

// short is an error without the address that it was about, which the table
// names already.
func short(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 && strings.Contains(text[:i], "://") {
		text = text[i+2:]
	}
	return text
}
