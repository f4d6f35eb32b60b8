package netcheck

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// judge words what the rows mean.
func (r *Result) judge() {
	has := func(name string) bool { return r.row(name).State == OK }
	advise := func(text string) { r.Advice = append(r.Advice, text) }
	switch {
	case !has("https"):
		r.Verdict = "The server cannot be reached at all."
		advise("Look whether the address is right and whether other pages open; ask whoever runs this network whether it blocks this server.")
		return
	case !has("websocket"):
		r.Verdict = "The server's pages open, but calls cannot be signalled: WebSockets do not come through."
		advise("A proxy or filter in between has to let WebSockets through (an HTTP Upgrade on /v1/ws).")
		return
	case !r.Works() && r.tried() == 0:
		r.Verdict = "The pages and the WebSocket come through; whether media would could not be tried."
		return
	case !r.Works():
		r.Verdict = "Calls would ring and stay dark and silent: no way for media comes through."
		advise("Open UDP to the server's media port; if that cannot be, TCP, or at least TURN over TLS.")
		return
	case has("direct_udp"):
		r.Verdict = "This network lets calls through, on the best way."
	case has("relay_udp"):
		r.Verdict = "This network lets calls through, by the relay: the media port over UDP is blocked."
		advise("Open UDP to the server's media port for less delay.")
	default:
		r.Verdict = "This network lets calls through over TCP only: expect pauses where packets are lost."
		advise("Open UDP to the server: its media port, or TURN's.")
	}
	if r.MTU > 0 && r.MTU < leastMTU+20 {
		advise(fmt.Sprintf("Packets of more than %d bytes do not come through in one piece: a tunnel or VPN with a small MTU.", r.MTU))
	}
	for _, row := range r.Rows {
		if isMedia(row.Name) && row.State == OK && row.RTT > 300*time.Millisecond {
			advise(fmt.Sprintf("The round trip takes %v: people will talk over each other (ITU-T G.114 asks for 150 ms one way).", row.RTT.Round(time.Millisecond)))
			break
		}
	}
}

// tried counts the ways for media that the server offers.
func (r *Result) tried() int {
	n := 0
	for _, row := range r.Rows {
		if isMedia(row.Name) && row.State != Absent {
			n++
		}
	}
	return n
}

var marks = map[State]string{OK: "ok", Failed: "FAILED", Absent: "-"}

// WriteTable writes the result as text that can be pasted into a mail.
func (r *Result) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Network check of %s at %s\n\n", r.Server, r.At.UTC().Format(time.RFC3339))
	t := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "WAY\tRESULT\tRTT\tSET-UP\tNOTE")
	for _, row := range r.Rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", row.What, marks[row.State], figure(row.RTT), figure(row.Took), row.Detail)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("lay out the table: %w", err)
	}
	fmt.Fprintf(&b, "\nNAT:       %s\n", r.NAT.Says)
	fmt.Fprintf(&b, "Networks:  own %s, as STUN sees it %s, as the pages see it %s\n", dash(r.NAT.Local), dash(r.NAT.Mapped), dash(r.Seen))
	mtu := "not measured"
	if r.MTU > 0 {
		mtu = fmt.Sprintf("%d bytes towards the server", r.MTU)
		if r.MTU == mostMTU {
			mtu += ", or more"
		}
	}
	fmt.Fprintf(&b, "MTU:       %s\n\n%s\n", mtu, r.Verdict)
	for _, a := range r.Advice {
		fmt.Fprintf(&b, "- %s\n", a)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

func figure(d time.Duration) string {
	if d <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
