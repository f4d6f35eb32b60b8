//go:build race

package srtp

// raceDetector allocates for its own bookkeeping, so allocations say nothing.
const raceDetector = true
