package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
)

// TestAParentWithAPasskeyAlone signs up without a password, makes a passkey
// once the e-mail is confirmed, and comes back with nothing else.
func TestAParentWithAPasskeyAlone(t *testing.T) {
	s := familyServer(t, nil)
	page := browser.Chromium(t, browser.Options{})
	u := at(t, s, page, "noor", "")
	require.NoError(t, browser.Authenticator(t.Context(), page))
	u.click("signup-parent")
	u.fill("signup-name", "Noor")
	u.fill("signup-email", "noor@families.example")
	u.eval(sel("signup-passkey")+".click()", nil)
	u.click("signup-submit")
	u.sees("screen-sent")
	u.open(mailTo(t, s, "noor@families.example", 1))
	u.click("confirm-go")
	u.sees("screen-key")
	u.snap("key")
	u.click("key-passkey")
	u.sees("screen-parent")
	u.click("logout")
	u.sees("screen-login")
	u.click("login-passkey")
	u.sees("screen-parent")
	var me string
	u.eval(`window.kinwire.session.me.name`, &me)
	require.Equal(t, "Noor", me)
}
