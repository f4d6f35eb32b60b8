package whip

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

const head = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"

// sdp writes an offer; each section is "audio 9 a=sendonly a=mid:0 …".
func sdp(sections ...string) string {
	text := head
	for _, s := range sections {
		fields := strings.Fields(s)
		text += fmt.Sprintf("m=%s %s UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n", fields[0], fields[1])
		for _, a := range fields[2:] {
			text += a + "\r\n"
		}
	}
	return text
}

func TestOfferToSend(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		sources string
		refused string
	}{
		"one of each":      {sdp("audio 9 a=mid:0 a=sendonly", "video 9 a=mid:1 a=sendonly"), "audio=0 video=1", ""},
		"a screen besides": {sdp("video 9 a=sendonly a=mid:c", "audio 9 a=mid:a a=sendrecv", "video 9 a=mid:s a=sendonly"), "video=c audio=a screen=s", ""},
		"no direction":     {sdp("audio 9 a=mid:0"), "audio=0", ""},
		"of the session":   {head + "a=sendonly\r\nm=audio 9 x 0\r\na=mid:0\r\n", "audio=0", ""},
		"own comes first":  {head + "a=recvonly\r\nm=audio 9 x 0\r\na=mid:0\r\na=sendonly\r\na=recvonly\r\n", "audio=0", ""},
		"bundle-only":      {sdp("audio 9 a=mid:0 a=sendonly", "video 0 a=mid:1 a=bundle-only a=sendonly"), "audio=0 video=1", ""},
		"a stopped one":    {sdp("audio 9 a=mid:0 a=sendonly", "video 0 a=mid:1 a=recvonly"), "audio=0", ""},
		"data":             {sdp("audio 9 a=mid:0 a=sendonly", "application 9 a=mid:1"), "audio=0", ""},
		"bare line ends":   {strings.ReplaceAll(sdp("audio 9 a=mid:0 a=sendonly"), "\r", ""), "audio=0", ""},
		"receives":         {sdp("audio 9 a=mid:0 a=sendonly", "video 9 a=mid:1 a=recvonly"), "", `"1" is recvonly`},
		"inactive":         {sdp("audio 9 a=mid:0 a=inactive"), "", "inactive"},
		"nothing":          {sdp("application 9 a=mid:1"), "", "no m-section of audio or video that is sendonly"},
		"only stopped":     {sdp("audio 0 a=mid:1 a=sendonly"), "", "no m-section"},
		"two microphones":  {sdp("audio 9 a=mid:0", "audio 9 a=mid:1"), "", "2 or more of audio"},
		"three pictures":   {sdp("video 9 a=mid:0", "video 9 a=mid:1", "video 9 a=mid:2"), "", "3 or more of video"},
		"no mid":           {sdp("audio 9"), "", "no a=mid"},
	} {
		t.Run(name, func(t *testing.T) {
			_, text, sources, err := sender.read(c.text)
			if c.refused != "" {
				var e *proto.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, proto.CodeBadOffer, e.Code)
				require.Contains(t, e.Message, c.refused)
				return
			}
			require.NoError(t, err)
			var got []string
			for _, s := range sources {
				require.False(t, s.Muted)
				got = append(got, string(s.Kind)+"="+s.MID)
			}
			require.Equal(t, c.sources, strings.Join(got, " "))
			require.NotContains(t, text, "a=sendrecv")
		})
	}
}

func TestOfferToReceive(t *testing.T) {
	_, text, sources, err := receiver.read(sdp("audio 9 a=mid:0 a=recvonly", "video 9 a=mid:1 a=sendrecv a=rtcp-mux"))
	require.NoError(t, err)
	require.NotNil(t, sources)
	require.Empty(t, sources)
	require.Equal(t, sdp("audio 9 a=mid:0 a=recvonly", "video 9 a=mid:1 a=rtcp-mux a=recvonly"), text)
	for _, bad := range []string{sdp("audio 9 a=mid:0 a=sendonly"), sdp("audio 9 a=mid:0 a=recvonly", "video 9 a=mid:1 a=sendonly"), sdp("video 9 a=inactive")} {
		_, _, _, err := receiver.read(bad)
		require.ErrorContains(t, err, "bad_offer")
	}
}

func TestWhatIsNotSDP(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "a word": "hello", "JSON": `{"sdp":"v=0"}`, "no version": "m=audio 9 x 0\r\n", "other version": "v=1\r\nm=audio 9 x 0\r\n",
		"no sections": head, "short m=": "v=0\r\nm=audio 9\r\n", "a blank line": "v=0\r\n\r\nm=audio 9 x 0\r\n",
		"hidden line": "v=0\r\nm=audio 9 x 0\r\na=mid:0\ra=recvonly\r\n", "zero byte": "v=0\r\nm=audio 9 x 0\r\na=\x00\r\n",
		"capitals": "V=0\r\nM=audio 9 x 0\r\n", "too many": head + strings.Repeat("m=audio 9 x 0\r\n", maxSections+1),
	} {
		_, _, _, err := sender.read(text)
		require.ErrorContains(t, err, "not SDP", name)
		var f *failure
		require.ErrorAs(t, err, &f, name)
		require.Equal(t, 400, f.status)
		require.Less(t, len(f.Error()), 300)
	}
}

// TestFacing: turned to a direction, every section for media has it once, and
// all else stays in its place.
func TestFacing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sections []string
		for i := range rapid.IntRange(1, 6).Draw(t, "sections") {
			s := rapid.SampledFrom([]string{"audio", "video", "application"}).Draw(t, "media")
			s += " " + rapid.SampledFrom([]string{"9", "0"}).Draw(t, "port") + fmt.Sprint(" a=mid:", i)
			for range rapid.IntRange(0, 3).Draw(t, "attributes") {
				s += " " + rapid.SampledFrom([]string{"a=sendrecv", "a=sendonly", "a=recvonly", "a=bundle-only", "a=x"}).Draw(t, "attribute")
			}
			sections = append(sections, s)
		}
		text := sdp(sections...)
		o, err := scanOffer(text)
		require.NoError(t, err)
		want := rapid.SampledFrom([]string{"sendonly", "recvonly"}).Draw(t, "direction")
		turned := o.facing(want)
		again, err := scanOffer(turned)
		require.NoError(t, err)
		require.Len(t, again.sections, len(sections))
		for i, s := range again.sections {
			require.Equal(t, o.sections[i].media, s.media)
			require.Equal(t, o.sections[i].mid, s.mid)
			require.Equal(t, o.sections[i].stopped, s.stopped)
			if s.carries() {
				require.Equal(t, want, s.direction)
			} else {
				require.Equal(t, o.sections[i].direction, s.direction)
			}
		}
		rest := func(text string) []string {
			return slices.DeleteFunc(strings.Split(text, "\r\n"), func(l string) bool { return directions[strings.TrimPrefix(l, "a=")] })
		}
		require.Equal(t, rest(text), rest(turned))
		require.Equal(t, turned, again.facing(want), "it is turned once")
	})
}

func TestOfferCredentials(t *testing.T) {
	o, err := scanOffer(sdp("audio 9 a=mid:0 a=ice-ufrag:abcd a=ice-pwd:secret", "video 9 a=mid:1 a=ice-ufrag:other"))
	require.NoError(t, err)
	require.Equal(t, "abcd", o.ufrag)
	require.Equal(t, "secret", o.pwd)
}

func FuzzOffer(f *testing.F) {
	f.Add(sdp("audio 9 a=mid:0 a=sendonly", "video 9 a=mid:1 a=sendrecv"))
	f.Add(head + "a=recvonly\r\nm=video 0/2 x 0\r\na=bundle-only\r\na=mid:x\r\n")
	f.Add("v=0\nm= \n")
	f.Add("v=0\r\nm=audio 9 x 0\r\na=mid:\r\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, ro := range []*role{sender, receiver} {
			o, out, sources, err := ro.read(text)
			if err != nil {
				if len(err.Error()) > 500 {
					t.Fatalf("a refusal of %d bytes", len(err.Error()))
				}
				continue
			}
			if len(sources) > 3 || (!ro.sends && len(sources) > 0) {
				t.Fatalf("%s: %d sources", ro.name, len(sources))
			}
			again, err := scanOffer(out)
			if err != nil {
				t.Fatalf("what we make is no SDP: %v", err)
			}
			if len(again.sections) != len(o.sections) || again.ufrag != o.ufrag || again.pwd != o.pwd {
				t.Fatalf("given %q, made %q", text, out)
			}
			for _, s := range again.sections {
				if s.carries() && s.direction != ro.direction {
					t.Fatalf("a section is %s in an offer for %s", s.direction, ro.name)
				}
			}
		}
	})
}
