package configs

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// FuzzLoad reads any file, variable and flag: it must end in a configuration
// that can be printed and read again, or in problems that each stand on one
// line.
func FuzzLoad(f *testing.F) {
	f.Add(defaultYAML, "1", "7882", "sfu.udp_port", "1")
	f.Add([]byte("sfu:\n  udp_port: 99999\nlog: {levle: x}\n"), "", "x", "log.level", "loud")
	f.Add([]byte("a: &a [*a, *a]\nlog: *a\n<<: *a\n"), "\x00", "1,2,,3", "", "\n")
	f.Add([]byte("? {a: b}\n: c\n---\n...\n"), "=", "=", "\xff", "\xff")
	f.Add([]byte("log:\n\tlevel: !!binary aGk=\n"), "", "", "sfu.codecs.video", ",,,")
	f.Add([]byte("signaling: {max_message_bytes: 99999999999999MiB}"), "", "", "", "")
	f.Fuzz(func(t *testing.T, file []byte, envName, envValue, flag, flagValue string) {
		ld := newLoader()
		ld.addYAML("f", file)
		ld.addEnv([]string{"KINWIRE_" + envName + "=" + envValue, "KINWIRE_SFU_UDP_PORT=" + envValue})
		ld.addFlags(map[string]string{flag: flagValue})
		c, err := ld.finish()
		if err != nil {
			var typed *Error
			if !errors.As(err, &typed) || len(typed.Problems) == 0 {
				t.Fatalf("not a list of problems: %#v", err)
			}
			for _, p := range typed.Problems {
				if p.Where == "" || p.Text == "" || strings.ContainsAny(p.String(), "\n\r") {
					t.Fatalf("not a line with its place: %q", p.String())
				}
			}
			return
		}
		var out bytes.Buffer
		if err := c.WriteYAML(&out); err != nil {
			t.Fatalf("a sound configuration cannot be printed: %v", err)
		}
		again := newLoader()
		again.addYAML("f", bytes.ReplaceAll(out.Bytes(), []byte(mask), []byte("a-secret-for-the-test")))
		if _, err := again.finish(); err != nil {
			t.Fatalf("what was printed is refused: %v\n%s", err, out.String())
		}
	})
}
