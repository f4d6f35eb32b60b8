package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// familyServer is a server for families that came by themselves: no demo, no
// mail server, so that e-mails stand on the operator's page.
func familyServer(t testing.TB, set map[string]string) *kinwire.Server {
	t.Helper()
	all := map[string]string{"demo.enabled": "false", "consent.email_plus_delay": "1s"}
	for k, v := range set {
		all[k] = v
	}
	return kinwire.Start(t, kinwire.Options{Name: "localhost", Set: all})
}

// at is a page of the app that is opened for somebody who is not signed in.
func at(t testing.TB, s *kinwire.Server, p browser.Page, name, path string) *person {
	t.Helper()
	u := &person{Page: p, t: t, name: name}
	u.open(s.URL + "/" + path)
	return u
}

func (u *person) open(url string) {
	u.t.Helper()
	// A change of what stands behind # alone does not load the page anew.
	u.must(u.Open(u.t.Context(), "about:blank"))
	u.must(u.Open(u.t.Context(), url))
}

func (u *person) must(err error) {
	u.t.Helper()
	require.NoError(u.t, err, u.name)
}

func sel(testid string) string {
	return fmt.Sprintf(`document.querySelector('[data-testid="%s"]')`, testid)
}

// sees waits until an element is there and not hidden.
func (u *person) sees(testid string) {
	u.t.Helper()
	u.until(sel(testid) + "?.checkVisibility()")
}

// reads waits until an element has a text that contains part.
func (u *person) reads(testid, part string) {
	u.t.Helper()
	u.until(fmt.Sprintf("%s?.textContent.includes(%q)", sel(testid), part))
}

func (u *person) text(testid string) (text string) {
	u.t.Helper()
	u.sees(testid)
	u.eval(sel(testid)+".textContent", &text)
	return text
}

// fill types into a field, as far as the app can tell.
func (u *person) fill(testid, value string) {
	u.t.Helper()
	u.sees(testid)
	u.eval(fmt.Sprintf(`(() => { const e = %s; e.value = %q;
		e.dispatchEvent(new Event("input", { bubbles: true })); e.dispatchEvent(new Event("change", { bubbles: true })); })()`, sel(testid), value), nil)
}

// press clicks the element testid whose data-name is name.
func (u *person) press(testid, name string) {
	u.t.Helper()
	e := fmt.Sprintf(`document.querySelector('[data-testid="%s"][data-name="%s"]')`, testid, name)
	u.until(e + "?.checkVisibility() && !" + e + ".disabled")
	u.eval(e+".click()", nil)
}

// within clicks the element testid that stands in the row of that name.
func (u *person) within(row, name, testid string) {
	u.t.Helper()
	e := fmt.Sprintf(`document.querySelector('[data-testid="%s"][data-name="%s"] [data-testid="%s"]')`, row, name, testid)
	u.until(e + " && !" + e + ".disabled")
	u.eval(e+".click()", nil)
}

// mailTo waits for the nth e-mail to somebody and returns the link in it.
func mailTo(t testing.TB, s *kinwire.Server, to string, nth int) string {
	t.Helper()
	var link string
	require.Eventually(t, func() bool {
		code, body, err := s.Get(t.Context(), "/v1/ops/mail")
		if err != nil || code != http.StatusOK {
			return false
		}
		var list struct {
			Mails []struct{ To, Text string }
		}
		require.NoError(t, json.Unmarshal(body, &list))
		var links []string
		for _, m := range list.Mails { // the newest first
			if i := strings.Index(m.Text, s.URL+"/#"); m.To == to && i >= 0 {
				links = append([]string{strings.Fields(m.Text[i:])[0]}, links...)
			}
		}
		if len(links) < nth {
			return false
		}
		link = links[nth-1]
		return true
	}, patience, 50*time.Millisecond, "e-mail %d to %s", nth, to)
	return link
}

// parent signs a parent up in a page of their own, by e-mail and password.
func signUpParent(t testing.TB, s *kinwire.Server, p browser.Page, name string) *person {
	t.Helper()
	email := strings.ToLower(name) + "@families.example"
	u := at(t, s, p, strings.ToLower(name), "")
	u.click("signup-parent")
	u.fill("signup-name", name)
	u.fill("signup-email", email)
	u.fill("signup-password", "correct horse battery")
	u.snap("signup")
	u.click("signup-submit")
	u.sees("screen-sent")
	u.open(mailTo(t, s, email, 1))
	u.fill("confirm-password", "correct horse battery")
	u.click("confirm-go")
	u.sees("screen-parent")
	return u
}

// consents lets a parent read, choose and confirm twice by e-mail.
func (u *person) consents(s *kinwire.Server) {
	u.t.Helper()
	email := u.name + "@families.example"
	u.click("add-child")
	u.sees("notice")
	u.snap("consent")
	u.eval(sel("consent-agree")+".click()", nil)
	u.click("consent-submit")
	u.until(sel("consent-state") + `?.dataset.state === "pending"`)
	// The links are opened elsewhere: in the mail program's window.
	mail := at(u.t, s, browser.Tab(u.t, u.Page), u.name+"-mail", "")
	for _, nth := range []int{2, 3} {
		mail.open(mailTo(u.t, s, email, nth))
		mail.click("consent-go")
		mail.sees("consent-done")
	}
	u.until(sel("consent-state") + `?.dataset.state === "granted"`)
	u.snap("granted")
}

// makesChild makes a child's account and signs the child in, in a window of
// the same browser, with the code that is shown.
func (u *person) makesChild(s *kinwire.Server, name string) *person {
	u.t.Helper()
	u.click("make-child")
	u.fill("child-nickname", name)
	u.fill("child-birth-date", "2018-05-04")
	u.fill("child-country", "PL")
	u.eval(`[...document.querySelectorAll('[data-testid="child-avatar-choice"]')].at(`+itoa(len(name))+`+"`+name+`".charCodeAt(0) % 7).click()`, nil)
	u.fill("child-user", strings.ToLower(name)+"-"+u.name)
	u.fill("child-password-kind", "letters")
	u.fill("child-password-letters", "little-red-boat")
	u.snap("child")
	u.click("child-make")
	code := u.text("child-code-text")
	u.snap("code")
	child := at(u.t, s, browser.Tab(u.t, u.Page), strings.ToLower(name), "")
	child.click("login-code")
	child.fill("code-input", code)
	child.click("code-submit")
	child.sees("screen-people")
	u.click("child-open")
	u.click("back")
	u.sees("screen-parent")
	return child
}

// auditHolds reads the audit log and looks for the decisions of the story in
// their order, and for what must never stand there.
func auditHolds(t testing.TB, s *kinwire.Server) {
	t.Helper()
	code, body, err := s.Get(t.Context(), "/v1/ops/audit")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code)
	var log struct {
		Entries []struct{ Action string }
	}
	require.NoError(t, json.Unmarshal(body, &log))
	actions := make([]string, 0, len(log.Entries))
	for _, e := range log.Entries {
		actions = append([]string{e.Action}, actions...)
	}
	at := 0
	for _, want := range []string{"consent.granted", "child.made", "friend.approved", "friend.ended"} {
		for at < len(actions) && actions[at] != want {
			at++
		}
		require.Less(t, at, len(actions), "%s in its place among %v", want, actions)
	}
	for _, never := range []string{"Mia", "Leo", "Priya", "Tomek", "families.example"} {
		require.NotContains(t, string(body), never)
	}
}
