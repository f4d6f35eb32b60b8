package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/client/media"
	"kinwire/e2e/kinwire"
	"kinwire/signaling/proto"
)

// tuned is a server with a configuration file of its own.
type tuned struct {
	*kinwire.Server
	t    *testing.T
	file string
}

func tunable(t *testing.T, text string) *tuned {
	file := filepath.Join(t.TempDir(), "kinwire.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return &tuned{kinwire.Start(t, kinwire.Options{Set: map[string]string{"config": file}}), t, file}
}

// write puts another file in the place of the old one, as an editor does.
func (s *tuned) write(text string) {
	require.NoError(s.t, os.WriteFile(s.file+".new", []byte(text), 0o600))
	require.NoError(s.t, os.Rename(s.file+".new", s.file))
}

// counts waits until that many reloads have come to a result.
func (s *tuned) counts(result, n string) {
	s.t.Helper()
	s.metric(`kinwire_config_reloads_total{result="` + result + `"} ` + n)
}

// metric waits for a line on /metrics.
func (s *tuned) metric(line string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		code, body, err := s.Get(s.t.Context(), "/metrics")
		return err == nil && code == http.StatusOK && strings.Contains(string(body), line+"\n")
	}, 30*time.Second, 50*time.Millisecond, "%s\n%s", line, s.Log())
}

func (s *tuned) node() proto.NodeConfig {
	code, body, err := s.Get(s.t.Context(), "/v1/ops/node")
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, code)
	var st proto.NodeState
	require.NoError(s.t, json.Unmarshal(body, &st))
	return st.Config
}

// opens says what the server answers to a token on the operators' pages.
func (s *tuned) opens(token string) int {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.URL+"/v1/ops/me", nil)
	require.NoError(s.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := s.HTTP.Do(req)
	require.NoError(s.t, err)
	require.NoError(s.t, res.Body.Close())
	return res.StatusCode
}

// profiles are the SRTP profiles of a call that has ended.
func (s *tuned) profiles(callID string) (list []string) {
	var r struct {
		Participants []struct {
			Path struct {
				SRTPProfile string `json:"srtp_profile"`
			} `json:"path"`
		} `json:"participants"`
	}
	s.Record(s.t, callID, &r)
	for _, p := range r.Participants {
		list = append(list, p.Path.SRTPProfile)
	}
	return list
}

// changes are the keys that changed while a call went on, by its record.
func (s *tuned) changes(callID string) (keys []string) {
	var r struct {
		Events []struct{ Event, Detail string } `json:"events"`
	}
	s.Record(s.t, callID, &r)
	for _, e := range r.Events {
		if e.Event == "config" {
			keys = append(keys, e.Detail)
		}
	}
	return keys
}

// TestConfigChangesInMidCall changes what acts at once, what acts on new calls
// and what waits for a restart, while two people talk: the call goes on without
// a gap, and each change does what its tag says. Then a bad file is refused.
func TestConfigChangesInMidCall(t *testing.T) {
	const before = "sfu: {srtp_profiles: [aead_aes_128_gcm]}\n"
	s := tunable(t, before)
	ctx := limit(t)
	mia, leo := dial(t, s.Server, "mia"), dial(t, s.Server, "leo")
	ring(t, ctx, mia, leo, client.MediaOptions{}, client.MediaOptions{})
	mia.hears(t, leo, 40, audioVideo...)
	leo.hears(t, mia, 40, audioVideo...)
	first := mia.call.ID()
	const token = "another-token-for-ann"
	require.Equal(t, http.StatusUnauthorized, s.opens(token))

	const after = `operator: {staff: ["ann:` + token + `"]}
calls: {max_participants: 2, ring_timeout: 3s}
sfu:
  frame_hold: 2ms
  nack_interval: 10ms
  twcc_interval: 50ms
  pli_min_interval: 200ms
  srtp_profiles: [aes128_cm_sha1_80]
turn: {realm: other}
metrics: {record_retention: 1h}
`
	s.write(after)
	s.counts("applied", "1")
	require.Equal(t, []string{"turn.realm"}, s.node().Pending)
	require.Contains(t, s.Log(), "key=calls.max_participants from=16 to=2")
	require.Contains(t, s.Log(), "waits for a restart")
	require.NotContains(t, s.Log(), token)

	// At once: the token opens, and nobody can be added to the call under way.
	require.Equal(t, http.StatusOK, s.opens(token))
	tomek := dial(t, s.Server, "tomek")
	var refused *proto.Error
	require.ErrorAs(t, mia.Add(ctx, first, tomek.Me().ID), &refused)
	require.Equal(t, proto.CodeCallFull, refused.Code)
	mia.stillHears(t, ctx, leo)

	// Refused: the whole file, what is sound in it too; and the call goes on.
	s.write("calls: {max_participants: 5}\nsfu: {frame_hold: 3h}\n")
	s.counts("refused", "1")
	s.metric("kinwire_config_last_reload_success 0")
	require.Contains(t, s.Log(), s.file+":2: sfu.frame_hold: given")
	require.Contains(t, s.node().Error, "sfu.frame_hold")
	require.ErrorAs(t, mia.Add(ctx, first, tomek.Me().ID), &refused)
	require.Equal(t, proto.CodeCallFull, refused.Code, "the old configuration goes on")
	mia.stillHears(t, ctx, leo)

	// On new calls: the first keeps its keys to its end, the next has others.
	hangup(t, ctx, mia, leo)
	require.Equal(t, []string{"aead_aes_128_gcm", "aead_aes_128_gcm"}, s.profiles(first))
	require.Contains(t, s.changes(first), "calls.max_participants", "the call's record knows what was turned")
	require.NotContains(t, s.changes(first), "turn.realm", "and what was not yet")
	ring(t, ctx, mia, leo, client.MediaOptions{}, client.MediaOptions{})
	mia.hears(t, leo, 20, audioVideo...)
	second := mia.call.ID()
	hangup(t, ctx, mia, leo)
	require.Equal(t, []string{"aes128_cm_sha1_80", "aes128_cm_sha1_80"}, s.profiles(second))

	s.write(before)
	s.counts("applied", "2")
	s.metric("kinwire_config_last_reload_success 1")
	require.Empty(t, s.node().Pending)
	require.Equal(t, http.StatusUnauthorized, s.opens(token), "a token that was taken out opens nothing more")
}

// stillHears holds both ways of a call to having lost nothing and never having
// been away.
func (p *peer) stillHears(t *testing.T, ctx context.Context, q *peer) {
	t.Helper()
	for _, w := range []struct{ to, from *peer }{{p, q}, {q, p}} {
		w.to.hears(t, w.from, 60, audioVideo...)
		for _, kind := range audioVideo {
			k := key{w.from.call.View().You, kind}
			require.Eventually(t, func() bool { return w.to.ear.missing(k) == 0 }, 20*time.Second, time.Millisecond, "%s of %s", kind, w.from.Me().Name)
		}
		require.NoError(t, w.to.call.Connected(ctx))
		require.Equal(t, proto.PhaseConnected, w.to.call.View().Phase)
	}
}

// TestReloadBySignal: with reload.watch off the file is read on SIGHUP alone.
func TestReloadBySignal(t *testing.T) {
	s := tunable(t, "reload: {watch: false}\n")
	s.write("reload: {watch: false}\ncalls: {max_participants: 3}\n")
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGHUP))
	s.counts("applied", "1")
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGHUP))
	s.counts("unchanged", "1")
	s.counts("applied", "1")
	s.write("calls: {max_participants: 1}\n")
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGHUP))
	s.counts("refused", "1")
	s.write("calls: {max_participants: 3}\n")
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGHUP))
	s.counts("applied", "2") // the watch is on again
	s.write("calls: {max_participants: 4}\n")
	s.counts("applied", "3")
}

// profile is the path of one that comes with Kinwire.
func profile(t *testing.T, name string) string {
	path, err := filepath.Abs(filepath.Join("..", "configs", "profiles", name+".yaml"))
	require.NoError(t, err)
	return path
}

// TestProfilesCarryCalls starts a server with each profile and has a call.
func TestProfilesCarryCalls(t *testing.T) {
	for name, check := range map[string]func(t *testing.T, ctx context.Context, mia, leo *peer){
		"school-low-bandwidth": func(t *testing.T, _ context.Context, mia, leo *peer) {
			mia.hears(t, leo, 20, audioVideo...)
			answer := mia.call.PeerConnection().RemoteDescription().SDP
			require.Contains(t, answer, "b=TIAS:300000\r\n")
			require.Contains(t, answer, "b=TIAS:24000\r\n")
		},
		"large-lan": func(t *testing.T, _ context.Context, mia, leo *peer) {
			mia.hears(t, leo, 20, audioVideo...)
			require.NotContains(t, mia.call.PeerConnection().RemoteDescription().SDP, "b=TIAS")
		},
		"relay-only": func(t *testing.T, _ context.Context, mia, leo *peer) {
			mia.hears(t, leo, 20, audioVideo...)
			leo.hears(t, mia, 20, audioVideo...)
			for _, p := range []*peer{mia, leo} {
				require.Equal(t, "relay", p.call.Report().Path.LocalType, "there is no other way in")
			}
		},
		"audio-only": func(t *testing.T, ctx context.Context, mia, leo *peer) {
			require.True(t, leo.call.View().NoVideo)
			mia.hears(t, leo, 20, proto.SourceAudio)
			leo.hears(t, mia, 20, proto.SourceAudio)
			var refused *proto.Error
			require.ErrorAs(t, mia.Mute(ctx, mia.call.ID(), proto.SourceVideo, false), &refused)
			require.Equal(t, proto.CodeNotAllowed, refused.Code)
			require.Zero(t, leo.ear.count(key{mia.call.View().You, proto.SourceVideo}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := kinwire.Start(t, kinwire.Options{Set: map[string]string{"config": profile(t, name)}})
			ctx := limit(t)
			mia, leo := dial(t, s, "mia"), dial(t, s, "leo")
			ring(t, ctx, mia, leo, client.MediaOptions{}, client.MediaOptions{})
			check(t, ctx, mia, leo)
			hangup(t, ctx, mia, leo)
		})
	}
}

// TestNoDirectWayWithoutARelay: with sfu.direct off, a client that takes no relay
// does not get in.
func TestNoDirectWayWithoutARelay(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{Set: map[string]string{"sfu.direct": "false"}})
	ctx := limit(t)
	mia, leo := dial(t, s, "mia"), dial(t, s, "leo")
	entered, err := mia.Invite(ctx, true, leo.Me().ID)
	require.NoError(t, err)
	entered.ICEServers = nil
	mia.video, err = media.NewVP8(media.VP8Config{FPS: 20})
	require.NoError(t, err)
	mia.call, err = mia.Join(ctx, entered, client.MediaOptions{Sources: []client.Source{mia.video}, Loopback: true})
	require.NoError(t, err)
	defer mia.call.Close()
	require.Eventually(t, func() bool {
		_, body, err := s.Get(ctx, "/metrics")
		return err == nil && strings.Contains(string(body), "kinwire_sfu_datagrams_refused_total{reason=\"stranger\"}") &&
			!strings.Contains(string(body), "kinwire_sfu_datagrams_refused_total{reason=\"stranger\"} 0\n")
	}, 30*time.Second, 50*time.Millisecond, "its checks come, and are refused")
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	require.Error(t, mia.call.Connected(short))
}
