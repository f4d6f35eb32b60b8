// Package policy is the one place that answers "may A do X to B, now?".
//
// Every module that is about to let one person reach another asks here and
// nowhere else, so that there is one place to read, to test and to trust. An
// answer is a [Decision]: yes or no, and the reason, which is for logs, tests
// and those who look into a complaint. What the person who asked is told is
// less: see [Service.CanCall].
package policy
