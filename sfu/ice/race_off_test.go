//go:build !race

package ice_test

const raceDetector = false
