package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// peers is a Node process with devices in it that speak real MLS, by the very
// code that the browser runs.
type peers struct {
	t  testing.TB
	in io.WriteCloser

	mu      sync.Mutex
	next    int
	waiting map[int]chan answer
}

type answer struct {
	ID    int             `json:"id"`
	Out   json.RawMessage `json:"out"`
	Error *struct{ Code, Message string }
}

// startPeers starts the process, which ends with the test.
func startPeers(t testing.TB) *peers {
	t.Helper()
	script, err := filepath.Abs("../web/node_modules/.kinwire-peer/peer.js")
	require.NoError(t, err)
	if _, err := os.Stat(script); err != nil {
		browser.Missing(t, "web", "the Node peer is not built: "+err.Error())
	}
	cmd := exec.Command("node", "--experimental-websocket", "--no-warnings", script)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p := &peers{t: t, waiting: map[int]chan answer{}}
	p.in, err = cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read(out)
	}()
	t.Cleanup(func() {
		_ = p.in.Close()
		<-read
		require.NoError(t, cmd.Wait())
	})
	return p
}

func (p *peers) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var a answer
		if json.Unmarshal(lines.Bytes(), &a) != nil || a.ID == 0 {
			continue // an event
		}
		p.mu.Lock()
		to := p.waiting[a.ID]
		delete(p.waiting, a.ID)
		p.mu.Unlock()
		if to != nil {
			to <- a
		}
	}
}

// ask has a peer do something, and reads what came of it into out.
func (p *peers) ask(peer, do string, with map[string]any, out any) error {
	a, err := p.begin(peer, do, with)
	if err != nil {
		return err
	}
	select {
	case got := <-a:
		if got.Error != nil {
			return fmt.Errorf("%s: %s: %s: %s", peer, do, got.Error.Code, got.Error.Message)
		}
		if out == nil {
			return nil
		}
		return json.Unmarshal(got.Out, out)
	case <-time.After(patience):
		return fmt.Errorf("%s: %s: no answer within %s", peer, do, patience)
	}
}

func (p *peers) begin(peer, do string, with map[string]any) (chan answer, error) {
	a := make(chan answer, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	p.waiting[p.next] = a
	line := map[string]any{"id": p.next, "peer": peer, "do": do}
	for k, v := range with {
		line[k] = v
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = p.in.Write(append(text, '\n'))
	}
	return a, err
}

func (p *peers) must(peer, do string, with map[string]any, out any) {
	p.t.Helper()
	require.NoError(p.t, p.ask(peer, do, with, out))
}

// groupState is where a device is in a conversation.
type groupState struct {
	Generation, Epoch int64
	Devices           []string
}

// TestCommitsRace: four devices of four people commit at the same time, again
// and again: each takes the same newcomers in and out. All end in one epoch with
// the same devices, and what each writes after that, all read.
func TestCommitsRace(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	p := startPeers(t)
	for _, login := range demoPeople {
		p.must(login, "start", map[string]any{"url": s.URL, "user": login, "password": kinwire.Password}, nil)
	}
	var group struct{ ID string }
	p.must("mia", "group", map[string]any{"users": []string{"demo-leo", "demo-tomek"}, "title": "Race"}, &group)
	for _, peer := range []string{"leo", "tomek"} {
		p.must(peer, "wait", map[string]any{"conversation": group.ID, "ready": true}, nil)
	}
	// All three add Priya at once. One commit wins; the others find her there.
	var all sync.WaitGroup
	for _, peer := range []string{"mia", "leo", "tomek"} {
		all.Go(func() {
			if err := p.ask(peer, "add", map[string]any{"conversation": group.ID, "users": []string{"demo-priya"}}, nil); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	p.must("priya", "wait", map[string]any{"conversation": group.ID, "ready": true}, nil)
	// Second devices come in by themselves, by external commits at once.
	for _, login := range demoPeople {
		all.Go(func() {
			if err := p.ask(login+"-2", "start", map[string]any{"url": s.URL, "user": login, "password": kinwire.Password}, nil); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	devices := slices.Clone(demoPeople)
	for _, login := range demoPeople {
		p.must(login+"-2", "wait", map[string]any{"conversation": group.ID, "ready": true}, nil)
		devices = append(devices, login+"-2")
	}
	require.Eventually(t, func() bool {
		var first groupState
		for i, peer := range devices {
			var at groupState
			p.must(peer, "state", map[string]any{"conversation": group.ID}, &at)
			slices.Sort(at.Devices)
			if i == 0 {
				first = at
			}
			if len(at.Devices) != len(devices) || at.Epoch != first.Epoch || at.Generation != 1 || !slices.Equal(at.Devices, first.Devices) {
				return false
			}
		}
		return true
	}, patience, 100*time.Millisecond, "all are in one epoch, with the same devices")

	texts := make([]string, len(devices))
	for i, peer := range devices {
		texts[i] = "from " + peer
		p.must(peer, "send", map[string]any{"conversation": group.ID, "content": map[string]string{"kind": "text", "text": texts[i]}}, nil)
	}
	for _, peer := range devices {
		p.must(peer, "wait", map[string]any{"conversation": group.ID, "texts": texts}, nil)
	}
}
