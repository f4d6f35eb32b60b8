package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// operator opens the operator's page.
func operator(t testing.TB, s *kinwire.Server) *person {
	t.Helper()
	u := at(t, s, browser.Chromium(t, browser.Options{}), "ops", "#ops")
	u.fill("ops-token", s.Operator)
	u.click("ops-enter")
	u.sees("ops-part")
	return u
}

// TestAChildReportsAndTheOperatorSuspends: a child reports a person in a call and
// blocks them at once, which ends the call; an operator sees both accounts'
// facts and suspends; the person is out, on a page that was open too.
func TestAChildReportsAndTheOperatorSuspends(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	mia := openApp(t, s, browser.Chromium(t, browser.Options{}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{}), "leo", "")
	mia.call("Leo")
	leo.click("answer")
	mia.seesAndHears()
	leo.click("hangup")
	mia.click("ended-report")
	mia.sees("screen-report")
	mia.snap("report")
	mia.eval(`document.querySelector('[data-testid="report-kind"] input, input[data-testid="report-kind"]').click()`, nil)
	mia.click("report-send")
	mia.sees("report-blocked")
	mia.snap("reported")
	mia.click("report-home")
	mia.until(`window.kinwire.session.people.every((p) => p.person.name !== "Leo")`)

	ops := operator(t, s)
	ops.snap("reports")
	ops.click("ops-report-open")
	ops.sees("case")
	ops.fill("case-note", "seen in the call's record")
	ops.snap("case")
	ops.click("case-suspend")
	ops.click("dialog-yes")
	ops.sees("case-decided")
	leo.until(sel("screen-login"))
	leo.snap("out")
	ops.click("tab-audit")
	ops.until(`document.querySelector('[data-testid="audit-entry"][data-action="person.suspended"]')`)
	ops.snap("audit")

	ops.click("tab-users")
	ops.fill("users-find", "leo")
	ops.click("users-look")
	ops.until(sel("user") + `?.dataset.state === "suspended"`)
	ops.fill("user-note", "a mistake")
	ops.snap("user")
	ops.click("user-restore")
	ops.until(sel("user") + `?.dataset.state === "active"`)
	leo.click("demo-leo")
	leo.sees("screen-people")
	var names []string
	leo.eval(`window.kinwire.session.people.map((p) => p.person.name)`, &names)
	require.NotContains(t, names, "Mia", "a block outlives a suspension")
}

// TestConsentByAVideoCall: a parent asks for a video call with the operator,
// who calls the parent over Kinwire and then grants the consent.
func TestConsentByAVideoCall(t *testing.T) {
	s := familyServer(t, nil)
	priya := signUpParent(t, s, browser.Chromium(t, browser.Options{}), "Priya")
	priya.click("add-child")
	priya.sees("notice")
	priya.eval(sel("method-video_call")+".click()", nil)
	priya.eval(sel("consent-agree")+".click()", nil)
	priya.click("consent-submit")
	priya.until(sel("consent-state") + `?.dataset.state === "review"`)
	ops := operator(t, s)
	ops.click("tab-reviews")
	ops.click("ops-review-open")
	ops.sees("review")
	ops.snap("review")
	ops.click("review-call")
	priya.until(sel("screen-incoming"))
	priya.snap("staff-calls")
	priya.click("answer")
	priya.seesAndHears()
	ops.seesAndHears()
	ops.snap("call")
	ops.click("hangup")
	ops.click("back")
	ops.click("tab-reviews")
	ops.click("ops-review-open")
	ops.fill("review-note", "spoke with the parent")
	ops.click("review-approve")
	ops.sees("ops-reviews-none")
	priya.eval(sel("back")+".click()", nil)
	priya.sees("consent-open")
	priya.click("consent-go-on")
	priya.sees("make-child")
}

// TestQuietTimeEndsACallKindly: quiet time begins while two children talk:
// they are told, and then the call ends, with the reason in its record. A call
// with the own parent goes through all the same.
func TestQuietTimeEndsACallKindly(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{Set: map[string]string{"calls.warning": "10m"}})
	mia := openApp(t, s, browser.Chromium(t, browser.Options{}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{}), "leo", "")
	mia.call("Leo")
	leo.click("answer")
	mia.seesAndHears()
	id := mia.callID()
	// Six minutes from now: within the warning, so it shows at once.
	priya := parentByHTTP(t, s, "priya")
	priya.quietFrom(t, s, "demo-mia", time.Now().Add(6*time.Minute))
	mia.until(`document.querySelector('[data-testid="call-warning"]')?.checkVisibility()`)
	mia.snap("warning")
	leo.until(`document.querySelector('[data-testid="call-warning"]')?.checkVisibility()`)
	// And now it has begun.
	priya.quietFrom(t, s, "demo-mia", time.Now().Add(-time.Minute))
	for _, u := range []*person{mia, leo} {
		u.until(sel("screen-ended"))
		u.snap("ended")
	}
	var r record
	s.Record(t, id, &r)
	require.Equal(t, "quiet_hours", r.Reason)
	mia.click("back")
	mia.call("Leo")
	mia.until(sel("people-error") + `?.textContent`)
	mia.snap("refused")
	mia.call("Priya")
	mia.until(`window.kinwire.call?.view.phase === "ringing"`)
	mia.click("hangup")
}

// parentByHTTP is a parent who uses the HTTP API as any program might.
type httpParent struct{ token string }

func parentByHTTP(t testing.TB, s *kinwire.Server, login string) httpParent {
	t.Helper()
	var answer struct{ Token string }
	ask(t, s, http.MethodPost, "/v1/login", "", map[string]any{"user": login, "password": kinwire.Password}, &answer)
	return httpParent{answer.Token}
}

// quietFrom gives a child quiet hours that begin at a time and last for three
// hours, every day.
func (p httpParent) quietFrom(t testing.TB, s *kinwire.Server, child string, from time.Time) {
	t.Helper()
	from = from.UTC()
	ask(t, s, http.MethodPut, "/v1/children/"+child+"/rules", p.token, map[string]any{
		"approve_friends": true, "video": true, "daily_minutes": 0, "time_zone": "UTC",
		"quiet_hours": []any{map[string]any{
			"days": []int{1, 2, 3, 4, 5, 6, 7}, "from": from.Format("15:04"), "to": from.Add(3 * time.Hour).Format("15:04"),
		}},
	}, nil)
}

// ask sends a request with a JSON body and reads the answer's.
func ask(t testing.TB, s *kinwire.Server, method, path, token string, body, into any) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(text))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.HTTP.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Less(t, res.StatusCode, 300, "%s %s: %s", method, path, answer)
	if into != nil {
		require.NoError(t, json.Unmarshal(answer, into))
	}
}
