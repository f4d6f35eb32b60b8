package browser

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Tab opens one more page in the Chromium that p is a page of: another window
// on the same person's computer, with the same cookies and the same network.
// It is closed with the browser.
func Tab(t testing.TB, p Page) Page {
	t.Helper()
	c, ok := p.(*chromium)
	if !ok {
		t.Fatalf("open a tab: given a %T; only Chromium's pages have it", p)
	}
	tab := &chromium{proc: c.proc}
	page, leave := chromedp.NewContext(c.ctx, chromedp.WithListener(tab.heard))
	tab.ctx, tab.cancel = page, sync.OnceFunc(leave)
	ctx, done := context.WithTimeout(t.Context(), startTimeout)
	defer done()
	if err := tab.begin(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			tab.console.dump(t, "tab")
		}
	})
	return tab
}

// Authenticator gives the page's browser a passkey device that says yes to
// everything, as a phone does whose owner touches the sensor.
func Authenticator(ctx context.Context, p Page) error {
	c, ok := p.(*chromium)
	if !ok {
		return fmt.Errorf("add a virtual authenticator: given a %T; only Chromium's pages have it", p)
	}
	ctx, done := c.within(ctx)
	defer done()
	_, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{})
	if err == nil {
		_, err = chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
	}
	if err != nil {
		return fmt.Errorf("add a virtual authenticator: %w", errors.Join(err, context.Cause(ctx)))
	}
	return nil
}
