//go:build race

package datagram_test

// raceDetector makes sync.Pool forget at random, so allocations say nothing.
const raceDetector = true
