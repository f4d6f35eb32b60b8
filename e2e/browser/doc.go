// Package browser drives real browsers in tests: headless Chromium over the
// DevTools protocol and headless Firefox over WebDriver BiDi, both behind one
// interface, [Page]. A browser has one page; a test that needs two people
// starts two browsers.
//
//	p := browser.Chromium(t, browser.Options{InsecureOrigins: []string{base}})
//	require.NoError(t, p.Open(ctx, base))
//	var n int
//	require.NoError(t, p.Eval(ctx, `document.querySelectorAll("video").length`, &n))
//
// Cameras and microphones are fake ones of the browser: a moving test picture
// and beeps, granted without a question. Each browser runs in a process group
// and with a profile of its own; both are gone when the test is over. What the
// page wrote to its console is logged when the test failed.
//
// On a machine without a sound device Firefox's AudioContext stays suspended
// and its resume never settles, so a test there must not measure sound with an
// analyser, nor wait for resume; Chromium's AudioContext runs.
//
// A browser that is not installed makes the test skip, unless the environment
// variable KINWIRE_TEST_REQUIRE, a list with commas, names it ("chromium",
// "firefox"): then the test fails.
package browser
