package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type firefox struct {
	proc    *process
	console console
	bidi    *bidi
	page    string // browsing context
}

// firefoxPrefs make the fake devices available to any page without a question,
// and keep Firefox from calling home.
var firefoxPrefs = map[string]any{
	"media.navigator.streams.fake":                      true,
	"media.navigator.permission.disabled":               true,
	"media.devices.insecure.enabled":                    true,
	"media.getusermedia.insecure.enabled":               true,
	"media.peerconnection.ice.obfuscate_host_addresses": false,
	"media.autoplay.default":                            0,
	"media.autoplay.blocking_policy":                    0,
	"media.autoplay.block-webaudio":                     false,
	"media.gmp-manager.updateEnabled":                   false,
	"media.gmp-provider.enabled":                        false,
	"app.update.disabledForTesting":                     true,
	"app.normandy.enabled":                              false,
	"browser.shell.checkDefaultBrowser":                 false,
	"browser.startup.page":                              0,
	"browser.aboutwelcome.enabled":                      false,
	"browser.sessionstore.resume_from_crash":            false,
	"browser.backup.enabled":                            false,
	"browser.safebrowsing.malware.enabled":              false,
	"browser.safebrowsing.phishing.enabled":             false,
	"browser.region.network.url":                        "",
	"datareporting.policy.dataSubmissionEnabled":        false,
	"datareporting.healthreport.uploadEnabled":          false,
	"toolkit.telemetry.server":                          "",
	"extensions.systemAddon.update.enabled":             false,
	"extensions.update.enabled":                         false,
	"network.captive-portal-service.enabled":            false,
	"network.connectivity-service.enabled":              false,
	"services.settings.server":                          "data:,none",
	"focusmanager.testmode":                             true,
	"dom.min_background_timeout_value":                  4,
	"dom.ipc.processPrelaunch.enabled":                  false,
}

// Firefox starts headless Firefox with an empty page.
func Firefox(t testing.TB, o Options) Page {
	t.Helper()
	path := find(t, "firefox", "firefox-esr", "firefox")
	p, err := startFirefox(path, o.withDefaults())
	if err != nil {
		t.Fatalf("start firefox: %v", err)
	}
	attach(t, "firefox", p, &p.console, p.proc)
	return p
}

func startFirefox(path string, o Options) (*firefox, error) {
	profile, err := newProfile("firefox")
	if err != nil {
		return nil, err
	}
	if err := writePrefs(profile, o.Prefs); err != nil {
		return nil, errors.Join(err, os.RemoveAll(profile))
	}
	ctx, done := context.WithTimeout(context.Background(), startTimeout)
	defer done()
	args := append([]string{
		"--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0",
		"--width", fmt.Sprint(o.Width), "--height", fmt.Sprint(o.Height),
	}, o.Args...)
	proc, addr, err := startProcess(ctx, launch{profile: profile, marker: "WebDriver BiDi listening on ", program: path, args: args})
	if err != nil {
		return nil, err
	}
	f := &firefox{proc: proc}
	if err := f.begin(ctx, addr, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open a page: %w", err), f.Close())
	}
	return f, nil
}

// writePrefs writes the profile's user.js.
func writePrefs(profile string, more map[string]any) error {
	prefs := maps.Clone(firefoxPrefs)
	maps.Copy(prefs, more)
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(prefs)) {
		v, err := json.Marshal(prefs[k])
		if err != nil {
			return fmt.Errorf("preference %s: %w", k, err)
		}
		fmt.Fprintf(&b, "user_pref(%q, %s);\n", k, v)
	}
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("write the preferences: %w", err)
	}
	return nil
}

// begin opens the session and finds the page.
func (f *firefox) begin(ctx context.Context, addr string, o Options) error {
	var err error
	if f.bidi, err = dialBiDi(ctx, addr+"/session", f.heard); err != nil {
		return err
	}
	if err := f.bidi.command(ctx, "session.new", map[string]any{"capabilities": map[string]any{}}, nil); err != nil {
		return err
	}
	events := map[string]any{"events": []string{"log.entryAdded"}}
	if err := f.bidi.command(ctx, "session.subscribe", events, nil); err != nil {
		return err
	}
	var tree struct {
		Contexts []struct {
			Context string `json:"context"`
		} `json:"contexts"`
	}
	if err := f.bidi.command(ctx, "browsingContext.getTree", map[string]any{"maxDepth": 0}, &tree); err != nil {
		return err
	}
	if len(tree.Contexts) == 0 {
		return errors.New("firefox has no tab")
	}
	f.page = tree.Contexts[0].Context
	// getUserMedia waits for ever in a tab that is not in front.
	if err := f.bidi.command(ctx, "browsingContext.activate", map[string]any{"context": f.page}, nil); err != nil {
		return err
	}
	size := map[string]any{"context": f.page, "viewport": map[string]any{"width": o.Width, "height": o.Height}}
	return f.bidi.command(ctx, "browsingContext.setViewport", size, nil)
}

// heard keeps what the page writes to its console.
func (f *firefox) heard(method string, params json.RawMessage) {
	var e struct {
		Level  string `json:"level"`
		Text   string `json:"text"`
		Type   string `json:"type"`
		Method string `json:"method"`
	}
	if method == "log.entryAdded" && json.Unmarshal(params, &e) == nil {
		f.console.add("%s %s %s: %s", e.Type, e.Method, e.Level, e.Text)
	}
}

func (f *firefox) Open(ctx context.Context, url string) error {
	params := map[string]any{"context": f.page, "url": url, "wait": "complete"}
	if err := f.bidi.command(ctx, "browsingContext.navigate", params, nil); err != nil {
		return fmt.Errorf("open %s: %w", url, err)
	}
	return nil
}

func (f *firefox) Eval(ctx context.Context, js string, into any) error {
	var r struct {
		Type   string `json:"type"`
		Result struct {
			Type  string `json:"type"`
			Value string `json:"value"`
		} `json:"result"`
		Exception struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	params := map[string]any{
		"expression": wrap(js), "target": map[string]any{"context": f.page},
		"awaitPromise": true, "resultOwnership": "none", "userActivation": true,
	}
	if err := f.bidi.command(ctx, "script.evaluate", params, &r); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	if r.Type == "exception" {
		return &ScriptError{Text: r.Exception.Text}
	}
	return unwrap(r.Result.Value, into)
}

func (f *firefox) Screenshot(ctx context.Context) ([]byte, error) {
	var r struct {
		Data string `json:"data"`
	}
	if err := f.bidi.command(ctx, "browsingContext.captureScreenshot", map[string]any{"context": f.page}, &r); err != nil {
		return nil, fmt.Errorf("take a screenshot: %w", err)
	}
	png, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		return nil, fmt.Errorf("decode the screenshot: %w", err)
	}
	return png, nil
}

func (f *firefox) Kill() error { return f.proc.kill() }

func (f *firefox) Close() error {
	err := f.proc.close()
	if f.bidi != nil {
		f.bidi.close()
	}
	return err
}
