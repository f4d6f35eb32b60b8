//go:build race

package link

// raceDetector makes sync.Pool forget at random, so allocations say nothing.
const raceDetector = true
