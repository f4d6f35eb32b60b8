package clip

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/signaling/proto"
)

// every is each clip that there is.
func every(t testing.TB) []*Clip {
	l, err := shelf()
	require.NoError(t, err)
	require.Len(t, l.clips, 7)
	return l.clips
}

func TestClipsAreWhatTheyClaim(t *testing.T) {
	size := 0
	for _, c := range every(t) {
		require.InDelta(t, 4, c.Length().Seconds(), 0.1, "%s in %s", c.Name, c.Codec)
		sinceKey, keys := 0, 0
		for _, f := range c.Frames {
			size += len(f.Data)
			require.NotEmpty(t, f.payloads)
			for _, p := range f.payloads {
				require.LessOrEqual(t, len(p), maxPayload)
			}
			if sinceKey++; f.Key {
				keys, sinceKey = keys+1, 0
			}
			require.Less(t, time.Duration(sinceKey)*c.Interval(), time.Second, "a key frame a second")
		}
		require.GreaterOrEqual(t, keys, 4)
		again, err := Load(c.Name, strings.ToLower(c.Codec))
		require.NoError(t, err)
		require.Same(t, c, again)
	}
	require.Less(t, size, 1<<20)
	_, err := Load("talk", "VP9")
	var bad *client.BadOptionError
	require.ErrorAs(t, err, &bad)
	require.Contains(t, bad.Allowed, "small in H264")
}

// TestFFmpegDecodesEveryClip: what a receiver takes for decodable is so by a
// decoder that is not ours.
func TestFFmpegDecodesEveryClip(t *testing.T) {
	ffprobe, err := exec.LookPath("ffprobe")
	if err != nil {
		t.Skip("ffmpeg is not here")
	}
	ending := map[string]string{"VP8": ".ivf", "H264": ".h264", "opus": ".ogg"}
	for _, c := range every(t) {
		file := filepath.Join("data", c.Name+ending[c.Codec])
		out, err := exec.Command(ffprobe, "-v", "error", "-err_detect", "explode", "-count_frames",
			"-show_entries", "stream=codec_name,width,height,has_b_frames,nb_read_frames", "-of", "default=noprint_wrappers=1", file).CombinedOutput()
		require.NoError(t, err, "%s: %s", file, out)
		text := string(out)
		require.Contains(t, text, "codec_name="+strings.ToLower(c.Codec)+"\n", file)
		require.Contains(t, text, "nb_read_frames="+strconv.Itoa(len(c.Frames))+"\n", file)
		if c.Width > 0 {
			require.Contains(t, text, "width="+strconv.Itoa(c.Width)+"\n", file)
			require.Contains(t, text, "height="+strconv.Itoa(c.Height)+"\n", file)
			require.Contains(t, text, "has_b_frames=0\n", file)
		}
	}
}

// TestMakeClips runs the script, and decodes what it makes.
func TestMakeClips(t *testing.T) {
	if testing.Short() {
		t.Skip("encoding takes seconds")
	}
	for _, tool := range []string{"ffmpeg", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not here")
		}
	}
	dir := t.TempDir()
	out, err := exec.Command("../../../scripts/make-clips", dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	made, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, made, 7)
	for _, file := range made {
		out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", file, "-f", "null", "-").CombinedOutput()
		require.NoError(t, err, "%s: %s", file, out)
		require.Empty(t, string(out), file)
	}
}

func TestSourceIsOfItsClip(t *testing.T) {
	c, err := Load("talk", "vp8")
	require.NoError(t, err)
	s := NewSource(c, proto.SourceScreen)
	require.Equal(t, proto.SourceScreen, s.Kind())
	require.Equal(t, "VP8", s.Codec())
	require.InDelta(t, 400e3, c.BitrateBPS(), 60e3)
}
