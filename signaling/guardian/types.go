package guardian

import (
	"context"
	"log/slog"
	"time"
)

// Keep is how long the time in calls is remembered, by day.
const Keep = 40 * 24 * time.Hour

// sweepEvery is how often what is older is looked for.
const sweepEvery = time.Hour

// The largest values of rules.
const (
	maxMinutes  = 24 * 60 // a day
	maxQuiet    = 14      // spans: two for each day of the week
	maxZoneName = 64      // bytes
)

// Changes is told whom a decision concerns, after it is in force. Its methods
// return at once.
type Changes interface {
	// Relations: what these people may do with others has changed.
	Relations(userIDs ...string)
	// Family: these people have something to look at.
	Family(userIDs ...string)
}

// Friends looks through the friend requests that wait.
type Friends interface {
	// RulesChanged is called when approving friends was switched on or off for
	// a child: a request may need one yes more now, or none any more.
	RulesChanged(ctx context.Context, actorID, childID string) error
}

// Deps is what the service needs besides its store.
type Deps struct {
	Changes Changes
	Friends Friends // nil where there are no friend requests
	Log     *slog.Logger
}
