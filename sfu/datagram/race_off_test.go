//go:build !race

package datagram_test

const raceDetector = false
