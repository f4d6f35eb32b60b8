package friends

import "time"

const (
	// A person who has just got a handful of codes can try them all …
	codesAtOnce = 10
	// … and then one more each time this has passed. Somebody who guesses
	// needs some thousand years for a code that anybody has.
	codeEvery = 30 * time.Second
)
