// Package consent keeps record of which parent has consented to what for
// which child, and how the parent was found to be one.
//
// # Why it is hard
//
// Nothing about a child may be collected before a parent has consented, and a
// click on "I am a parent" is no proof: a child can click too. So a consent
// is verified by a method that a child cannot easily go through alone.
// Regulators list such methods (for the USA, 16 CFR 312.5(b)); this package
// has four of them, each a plug-in behind one small interface ([method]):
//
//   - email_plus: a link in a first e-mail, and after a delay, by which time a
//     parent will have seen that e-mail, a link in a second one. Enough where
//     nothing is shown to the public, as here;
//   - signed_form: the picture of a signed form, which an operator looks at;
//   - video_call: an operator talks with the parent, over Kinwire itself;
//   - external: a check of a card or of a passport that somebody else does,
//     who sends the result signed.
//
// # The states
//
// A consent is in one state, and one table ([transitions]) says which event
// takes it from which to which. What the table does not list does not happen:
//
//	                 first link            second link
//	       ┌─ pending ────────▶ waiting ───────────────┐
//	       │     │ form handed in                      ▼
//	start ─┤     └───────▶ review ── approved ────▶ granted ─▶ withdrawn
//	       │                 │                         ▲  └───▶ expired (replaced)
//	       └─ (video call) ──┘└─ refused ─▶ refused    │
//	             pending ── result of a check elsewhere┘
//
// From every state that still waits for something, a consent can be withdrawn
// and runs out in time. Refused, withdrawn and expired are for good: to
// consent again is a new consent. A method adds which of the table's events
// its consents take at all, so that nobody comes to "granted" by the proof of
// another method.
//
// # What counts
//
// A consent counts while it is granted and for the notice that holds now. Its
// scopes can be given and taken back one by one by every parent of the child.
// When the notice changes, all consents are outdated at once and count for
// nothing until a parent consents again: the new consent then ends the old.
// [Service.Given] is that rule.
//
// # What is kept of a check
//
// The evidence of a signed form is deleted in the very transaction that
// decides about it, or that ends the consent in another way. Of a check
// elsewhere nothing comes here but passed or not.
//
// # Restarts
//
// Nothing that has to happen later is in memory: when the next e-mail is due
// and when a consent runs out stand in the table, and [Service.Run] looks
// there. An e-mail is claimed before it is sent, so that of two nodes one
// sends it; if that node dies half-way, the claim runs out and it is sent
// again.
package consent
