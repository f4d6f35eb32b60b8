// Package report tells of rehearsals: in the terminal while they run ([Live])
// and when they are over ([Summary]), and afterwards as JUnit XML ([JUnit]), as
// JSON ([JSON]) and as one HTML page with plots ([HTML]).
//
// What is in a result may come from a script or from a server, so none of it
// is trusted: the page is written by html/template and carries a policy that
// lets nothing run and nothing load, XML and JSON by their encoders, and lines
// for the terminal have their control characters taken out.
package report
