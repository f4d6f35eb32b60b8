// Package layers holds the plan of the house: which packages there are, which
// may import which, how large a file may grow. Its test reads every Go file of
// the module with go/parser and fails where one leaves the plan.
//
// It parses in-process on purpose. A test that asks `go list` for the imports
// is cached as ok after a rule has been broken, because the test cache sees
// only the files that the test itself opens.
//
// To add a package, add it to the table in rooms.go, with what it may import:
// that line is where a reviewer sees the arrow. To change a rule, change
// rules.go and say why in docs/decisions.
package layers
