package configs_test

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/configs"
)

// write puts text into a file whose name in messages is replaced by F.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "house.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestDefaults(t *testing.T) {
	c, err := configs.Load(configs.Options{})
	require.NoError(t, err)
	require.Equal(t, ":8080", c.HTTP.Listen)
	require.Equal(t, "./kinwire-data", c.DataDir)
	require.Equal(t, 7882, c.SFU.UDPPort)
	require.Equal(t, []string{"vp8", "h264", "vp9", "av1"}, c.SFU.Codecs.Video)
	require.Equal(t, 20*time.Millisecond, c.SFU.NACKInterval)
	require.Equal(t, configs.Bytes(131072), c.Signaling.MaxMessageBytes)
	require.Equal(t, 720*time.Hour, c.Metrics.RecordRetention)
	require.Equal(t, []string{":5349"}, c.TURN.TLSListen)
	require.Empty(t, c.TURN.Secret)
	require.Equal(t, "default", c.Origin("sfu.udp_port"))
	require.Empty(t, c.Origin("sfu.no_such_key"))
}

func TestLayersGoOverOneAnother(t *testing.T) {
	file := write(t, `
log: {level: debug}
sfu:
  udp_port: 9001
  tcp_port: 9002
  ipv6: false
  bind_addresses: [192.0.2.7]
  codecs:
    video: [h264]
turn:
  allowed_peers: [10.1.2.3/8, "2001:db8::/32"]
signaling: {max_message_bytes: 96KiB}
calls:
`)
	c, err := configs.Load(configs.Options{
		File: file,
		Env: []string{
			"PATH=/bin", "KINWIRE_TEST_REQUIRE=web", "KINWIRE_SFU_TCP_PORT=9102", "KINWIRE_SFU_CODECS_VIDEO= vp9, av1 ",
			"KINWIRE_HTTP_ALLOWED_ORIGINS=", "KINWIRE_CALLS_RING_TIMEOUT=1m", "KINWIRE_DEMO_ENABLED=true", "KINWIRE_SFU_IPV4=true",
		},
		Flags: map[string]string{"sfu.codecs.video": "av1", "log.format": "json", "calls.ring_timeout": "5s"},
	})
	require.NoError(t, err)
	require.Equal(t, "debug", c.Log.Level)
	require.Equal(t, "json", c.Log.Format)
	require.Equal(t, 9001, c.SFU.UDPPort)
	require.Equal(t, 9102, c.SFU.TCPPort)
	require.False(t, c.SFU.IPv6)
	require.True(t, c.Demo.Enabled)
	require.Equal(t, []netip.Addr{netip.MustParseAddr("192.0.2.7")}, c.SFU.BindAddresses)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}, c.TURN.AllowedPeers)
	require.Equal(t, []string{"av1"}, c.SFU.Codecs.Video)
	require.Equal(t, configs.Bytes(98304), c.Signaling.MaxMessageBytes)
	require.Equal(t, 5*time.Second, c.Calls.RingTimeout)
	require.Equal(t, 30*time.Second, c.Calls.AloneTimeout, "an empty section keeps the defaults")

	require.Equal(t, file+":4", c.Origin("sfu.udp_port"))
	require.Equal(t, "env KINWIRE_SFU_TCP_PORT", c.Origin("sfu.tcp_port"))
	require.Equal(t, "flag --sfu.codecs.video", c.Origin("sfu.codecs.video"))
	require.Equal(t, "default", c.Origin("calls.alone_timeout"))
}

// refusals of a file: its text, and the exact messages with F for its name.
var refusals = map[string]struct{ yaml, want string }{
	"port too large": {"sfu:\n  udp_port: 99999\n",
		"F:2: sfu.udp_port: given 99999; allowed: a whole number from 0 to 65535"},
	"port not a number": {"sfu:\n  udp_port: high\n",
		`F:2: sfu.udp_port: given "high"; allowed: a whole number from 0 to 65535`},
	"number in quotes": {"sfu: {udp_port: \"7882\"}\n",
		`F:1: sfu.udp_port: given "7882"; allowed: a whole number from 0 to 65535`},
	"misspelt key": {"sfu:\n  udp_prot: 7882\n",
		"F:2: sfu.udp_prot: no such key; did you mean sfu.udp_port?"},
	"misspelt section": {"\nsignalling:\n  burst: 20\n",
		"F:2: signalling: no such key; did you mean signaling?"},
	"key in the wrong section": {"log:\n  udp_port: 1\n",
		"F:2: log.udp_port: no such key; did you mean sfu.udp_port?"},
	"key from nowhere": {"colour: blue\n", "F:1: colour: no such key"},
	"capital letters":  {"SFU:\n  udp_port: 1\n", "F:1: SFU: no such key; did you mean sfu?"},
	"odd key":          {"\"a\\nb\": 1\n", `F:1: "a\nb": no such key`},
	"key that is a list": {"? [a, b]\n: 1\n",
		"F:1: given a list of 2 as a key; allowed: a name"},
	"twice": {"log:\n  level: info\n  level: warn\n",
		"F:3: log.level: given twice, first on line 2; allowed: once"},
	"section twice": {"log: {level: info}\nlog: {level: warn}\n",
		"F:2: log: given twice, first on line 1; allowed: once"},
	"duration without unit": {"calls:\n  ring_timeout: 45\n",
		"F:2: calls.ring_timeout: given 45; allowed: a duration with its unit (such as 500ms, 45s, 10m or 12h) from 1s to 10m"},
	"duration too short": {"sfu: {nack_interval: 1ms}\n",
		`F:1: sfu.nack_interval: given "1ms"; allowed: a duration with its unit (such as 500ms, 45s, 10m or 12h) from 5ms to 1s`},
	"enum": {"log: {level: loud}\n",
		`F:1: log.level: given "loud"; allowed: one of debug, info, warn, error`},
	"bool": {"demo: {enabled: \"yes\"}\n",
		`F:1: demo.enabled: given "yes"; allowed: true or false`},
	"nothing": {"store:\n  driver:\n",
		"F:2: store.driver: given nothing; allowed: one of sqlite, postgres"},
	"empty text": {"data_dir: \"\"\n",
		`F:1: data_dir: given ""; allowed: a text of at least 1 characters`},
	"size": {"signaling: {max_message_bytes: 1GB}\n",
		`F:1: signaling.max_message_bytes: given "1GB"; allowed: a number of bytes, or of KiB or MiB with that unit, from 16384 to 4194304`},
	"not a power of two": {"sfu: {history_packets: 1000}\n",
		"F:1: sfu.history_packets: given 1000; allowed: a power of two from 64 to 16384"},
	"item of a list": {"sfu:\n  codecs:\n    video:\n      - vp8\n      - h265\n",
		`F:5: sfu.codecs.video: given "h265"; allowed: a list of one or more, each item one of vp8, h264, vp9, av1, none twice`},
	"item twice": {"sfu: {codecs: {video: [vp8, vp8]}}\n",
		"F:1: sfu.codecs.video: given a list of 2; allowed: a list of one or more, each item one of vp8, h264, vp9, av1, none twice"},
	"list that is none": {"sfu: {codecs: {video: vp8}}\n",
		`F:1: sfu.codecs.video: given "vp8"; allowed: a list of one or more, each item one of vp8, h264, vp9, av1, none twice`},
	"empty list": {"sfu: {srtp_profiles: []}\n",
		"F:1: sfu.srtp_profiles: given a list of 0; allowed: a list of one or more, each item one of aead_aes_128_gcm, aead_aes_256_gcm, aes128_cm_sha1_80, none twice"},
	"list in a list": {"sfu: {codecs: {audio: [[opus]]}}\n",
		"F:1: sfu.codecs.audio: given a list; allowed: a list of one or more, each item one of opus, none twice"},
	"address": {"sfu: {bind_addresses: [localhost]}\n",
		`F:1: sfu.bind_addresses: given "localhost"; allowed: a list, each item an IP address, none twice`},
	"network": {"turn: {allowed_peers: [10.0.0.1]}\n",
		`F:1: turn.allowed_peers: given "10.0.0.1"; allowed: a list, each item a network such as 192.0.2.0/24 or 2001:db8::/32, none twice`},
	"listen without a port": {"http: {listen: localhost}\n",
		`F:1: http.listen: given "localhost"; allowed: an address to listen on such as ":8080", "127.0.0.1:8080" or "[::1]:8080"`},
	"listen on a service name": {"turn: {udp_listen: [\":stun\"]}\n",
		`F:1: turn.udp_listen: given ":stun"; allowed: a list, each item an address to listen on such as ":8080", "127.0.0.1:8080" or "[::1]:8080", none twice`},
	"origin with a path": {"http: {allowed_origins: [\"https://calls.example.org/\"]}\n",
		`F:1: http.allowed_origins: given "https://calls.example.org/"; allowed: a list, each item an origin such as https://calls.example.org, without a path, none twice`},
	"host with a port": {"turn: {public_addresses: [\"turn.example.org:3478\"]}\n",
		`F:1: turn.public_addresses: given "turn.example.org:3478"; allowed: a list, each item a host name or IP address, without a port, none twice`},
	"short secret": {"turn: {secret: fox}\n",
		"F:1: turn.secret: given a secret of 3 characters; allowed: empty, or a text of 16 to 256 characters"},
	"masked secret": {"operator: {token: \"********\"}\n",
		"F:1: operator.token: given the mask that config print shows; allowed: empty, or a text of 16 to 256 characters"},
	"two of the staff by one name": {"operator: {staff: [\"ana:0123456789abcdef\", \"ana(calls):0123456789abcdeg\"]}\n",
		"F:1: operator.staff: given the name ana for two people; allowed: a name of its own for each, and not operator, which is that of operator.token"},
	"staff without a name": {"operator: {staff: [0123456789abcdef]}\n",
		"F:1: operator.staff: given a secret of 16 characters; allowed: a list, each item name:token or name(role,role):token, the name of letters, digits, - and _, the roles among calls, safety and resolve, the token of 16 to 256 characters, none twice"},
	"plain webhook": {"push: {webhook: {url: \"http://push.example.org/wake\", secret: 0123456789abcdef01234567}}\n",
		`F:1: push.webhook.url: given "http://push.example.org/wake"; allowed: empty, or a URL that begins with https:// (or http:// on this machine)`},
	"webhook without its key": {"push: {webhook: {url: \"https://push.example.org/wake\"}}\n",
		"F:1: push.webhook.url, push.webhook.secret: given one of the two; allowed: both, or both empty"},
	"external check without its URL": {"consent: {methods: [external]}\n",
		"F:1: consent.methods, consent.external.url: given the method external without its url; allowed: both, or neither"},
	"mail without a sender": {"mail: {smtp: {host: mail.example.org}}\n",
		"F:1: mail.smtp.host, mail.from: given a host and no sender; allowed with a host: a sender such as Kinwire <hello@kinwire.example>"},
	"value in place of a section": {"sfu: 5\n",
		"F:1: sfu: given 5; allowed: a section with the keys udp_port, tcp_port, bind_addresses, public_addresses, ipv4, ipv6, include_loopback, codecs, history_packets, nack_interval, pli_min_interval, twcc_interval, report_interval, disconnected_timeout, failed_timeout, loops, frame_hold, srtp_profiles, direct, max_video_kbps, max_audio_kbps"},
	"section in place of a value": {"log: {level: {is: info}}\n",
		"F:1: log.level: given a section; allowed: one of debug, info, warn, error"},
	"alias": {"log:\n  level: &l info\n  format: *l\n",
		"F:3: log.format: given an alias (*l); allowed: one of text, json"},
	"merge": {"<<: {log: {level: info}}\n", "F:1: <<: no such key"},
	"list at the top": {"- 1\n",
		"F:1: given a list of 1; allowed: a section with the keys log, data_dir, reload, demo, operator, http, store, signaling, calls, accounts, consent, friends, reports, relay, mail, push, sfu, turn, metrics, netcheck"},
	"two documents": {"log: {level: info}\n---\nlog: {level: warn}\n",
		"F:2: not valid YAML: a second document begins; allowed: one"},
	"not YAML":    {"log:\n\tlevel: info\n", "F:2: not valid YAML: found character that cannot start any token"},
	"not even it": {"\xff\xfe\xfd", "F: not valid YAML: incomplete UTF-16 character"},

	"half of http TLS": {"http:\n  tls:\n    key_file: /k.pem\n",
		`F:3: http.tls.cert_file, http.tls.key_file: given "" and "/k.pem"; allowed: both files, or both empty`},
	"half of TURN's TLS": {"turn:\n  cert_file: /c.pem\n",
		`F:2: turn.cert_file, turn.key_file: given "/c.pem" and ""; allowed: both files, or both empty`},
	"postgres without a URL": {"store: {driver: postgres}\n",
		"F:1: store.driver, store.dsn: given postgres without a URL; allowed with it: a dsn such as postgres://user:password@host/database"},
	"sqlite with a URL": {"store: {dsn: \"postgres://kin:fox@db/kin\"}\n",
		"F:1: store.driver, store.dsn: given sqlite with the URL of a PostgreSQL database; allowed with it: the path of a file, or empty"},
	"no IP": {"sfu: {ipv4: false, ipv6: false}\n",
		"F:1: sfu.ipv4, sfu.ipv6: given false and false; allowed: at least one of them true"},
	"address of a family that is off": {"sfu: {ipv6: false, bind_addresses: [\"2001:db8::1\"]}\n",
		"F:1: sfu.bind_addresses, sfu.ipv4, sfu.ipv6: given 2001:db8::1, whose IP version is switched off; allowed: addresses of versions that are on"},
	"public address of a family that is off": {"sfu: {ipv4: false, public_addresses: [192.0.2.1]}\n",
		"F:1: sfu.public_addresses, sfu.ipv4, sfu.ipv6: given 192.0.2.1, whose IP version is switched off; allowed: addresses of versions that are on"},
	"timeouts the wrong way round": {"sfu:\n  disconnected_timeout: 20s\n",
		"F:2: sfu.failed_timeout, sfu.disconnected_timeout: given 15s and 20s; allowed: failed_timeout longer than disconnected_timeout"},
	"TURN without a listener": {"turn: {udp_listen: [], tcp_listen: []}\n",
		"F:1: turn.udp_listen, turn.tcp_listen, turn.tls_listen: given nothing to listen on; allowed: at least one address (TLS needs cert_file and key_file), or turn.enabled false"},
	"more for one than for all": {"turn: {max_allocations: 4}\n",
		"F:1: turn.max_allocations_per_user, turn.max_allocations: given 8 and 4; allowed: no more for one person than for all"},
	"one UDP port for two": {"sfu: {udp_port: 3478}\n",
		"F:1: sfu.udp_port, turn.udp_listen: given port 3478 for both; allowed: a port of its own for each"},
	"one TCP port for two": {"sfu: {tcp_port: 8080}\n",
		"F:1: sfu.tcp_port, http.listen: given port 8080 for both; allowed: a port of its own for each"},
	"one TCP port for SFU and TURN": {"sfu: {tcp_port: 3478}\n",
		"F:1: sfu.tcp_port, turn.tcp_listen: given port 3478 for both; allowed: a port of its own for each"},
	"one TCP port for SFU and TURN over TLS": {"sfu: {tcp_port: 5349}\nturn: {cert_file: /c, key_file: /k}\n",
		"F:1: sfu.tcp_port, turn.tls_listen: given port 5349 for both; allowed: a port of its own for each"},
	"everything at once": {"sfu:\n  udp_port: x\n  ipv4: false\n  ipv6: false\nlog: {levle: info}\n",
		"F:2: sfu.udp_port: given \"x\"; allowed: a whole number from 0 to 65535\n" +
			"F:5: log.levle: no such key; did you mean log.level?\n" +
			"F:3: sfu.ipv4, sfu.ipv6: given false and false; allowed: at least one of them true"},
}

func TestRefusalsOfAFile(t *testing.T) {
	for name, r := range refusals {
		t.Run(name, func(t *testing.T) {
			file := write(t, r.yaml)
			err := configs.Check(file)
			require.Error(t, err)
			require.Equal(t, r.want, strings.ReplaceAll(err.Error(), file, "F"))
			var typed *configs.Error
			require.True(t, errors.As(err, &typed))
			require.Len(t, typed.Problems, strings.Count(r.want, "\n")+1)
		})
	}
}

func TestRefusalsOfEnvironmentAndFlags(t *testing.T) {
	_, err := configs.Load(configs.Options{
		Env: []string{
			"KINWIRE_SFU_UDP_PROT=1", "KINWIRE_SFU_UDP_PORT=1e3", "KINWIRE_TURN_ALLOWED_PEERS=10.0.0.0/8,all",
			"KINWIRE_DEMO_ENABLED=1", "KINWIRE_TURN_SECRET=fox", "OTHER=1",
		},
		Flags: map[string]string{"log.levl": "info", "calls.max_participants": "17"},
	})
	require.EqualError(t, err, strings.Join([]string{
		`env KINWIRE_DEMO_ENABLED: demo.enabled: given "1"; allowed: true or false`,
		`env KINWIRE_SFU_UDP_PORT: sfu.udp_port: given "1e3"; allowed: a whole number from 0 to 65535`,
		`env KINWIRE_SFU_UDP_PROT: no such variable; did you mean KINWIRE_SFU_UDP_PORT?`,
		`env KINWIRE_TURN_ALLOWED_PEERS: turn.allowed_peers: given "all"; allowed: a list, each item a network such as 192.0.2.0/24 or 2001:db8::/32, none twice`,
		`env KINWIRE_TURN_SECRET: turn.secret: given a secret of 3 characters; allowed: empty, or a text of 16 to 256 characters`,
		`flag --calls.max_participants: calls.max_participants: given "17"; allowed: a whole number from 2 to 16`,
		`flag --log.levl: no such key; did you mean log.level?`,
	}, "\n"))
}

func TestPairingNamesWhereItWasSet(t *testing.T) {
	_, err := configs.Load(configs.Options{Env: []string{"KINWIRE_TURN_KEY_FILE=/k"}})
	require.EqualError(t, err, `env KINWIRE_TURN_KEY_FILE: turn.cert_file, turn.key_file: given "" and "/k"; allowed: both files, or both empty`)
	_, err = configs.Load(configs.Options{Flags: map[string]string{"store.driver": "postgres"}})
	require.ErrorContains(t, err, "flag --store.driver: store.driver, store.dsn: given postgres without a URL")
}

func TestRefusalsOfTheFileItself(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone.yaml")
	require.EqualError(t, configs.Check(gone), gone+": cannot be read: no such file or directory")
	dir := t.TempDir()
	require.EqualError(t, configs.Check(dir), dir+": cannot be read: is a directory")
	big := write(t, "# "+strings.Repeat("x", 1<<20))
	require.EqualError(t, configs.Check(big), big+": cannot be read: larger than the allowed 1048576 bytes")
	require.NoError(t, configs.Check(write(t, "")))
	require.NoError(t, configs.Check(write(t, "# nothing yet\n")))
	require.NoError(t, configs.Check(write(t, configs.DefaultYAML())))
}

func TestPrintedConfigurationReadsBackTheSame(t *testing.T) {
	file := write(t, "sfu:\n  bind_addresses: ['::1']\ncalls:\n  ring_timeout: 90s\n")
	c, err := configs.Load(configs.Options{
		File:  file,
		Env:   []string{"KINWIRE_TURN_SECRET=a-fox-and-a-rocket", "KINWIRE_HTTP_LISTEN=127.0.0.1:0", "KINWIRE_TURN_REALM=yes: no # maybe"},
		Flags: map[string]string{"metrics.record_retention": "48h"},
	})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, c.WriteYAML(&out))
	text := out.String()
	for _, line := range []string{
		"  udp_port: 7882 # default\n",
		"  bind_addresses: ['::1'] # " + file + ":2\n",
		"  ring_timeout: 1m30s # " + file + ":4\n",
		"  secret: '********' # env KINWIRE_TURN_SECRET\n",
		"  record_retention: 48h # flag --metrics.record_retention\n",
		"  token: \"\" # default\n",
	} {
		require.Contains(t, strings.ReplaceAll(text, `"::1"`, `'::1'`), line)
	}
	require.NotContains(t, text, "rocket")
	require.NotContains(t, text, "# Important", "the comments of default.yaml are left out")

	again, err := configs.Load(configs.Options{File: write(t, strings.ReplaceAll(text, "'********'", "a-fox-and-a-rocket"))})
	require.NoError(t, err)
	for _, k := range configs.Keys() {
		require.NotEmpty(t, again.Origin(k.Name))
	}
	var second bytes.Buffer
	require.NoError(t, again.WriteYAML(&second))
	strip := func(s string) string {
		var b strings.Builder
		for line := range strings.Lines(s) {
			value, _, _ := strings.Cut(line, " # ")
			b.WriteString(value + "\n")
		}
		return b.String()
	}
	require.Equal(t, strip(text), strip(second.String()))
	require.Equal(t, c.TURN.Realm, again.TURN.Realm)
}
