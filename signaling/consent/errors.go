package consent

import (
	"fmt"

	"kinwire/signaling/proto"
)

func bad(format string, args ...any) *proto.Error {
	return &proto.Error{Code: proto.CodeBadMessage, Message: fmt.Sprintf(format, args...)}
}

func wrongState(message string) *proto.Error {
	return &proto.Error{Code: proto.CodeWrongState, Message: message}
}

func tooLarge(format string, args ...any) *proto.Error {
	return &proto.Error{Code: proto.CodeTooLarge, Message: fmt.Sprintf(format, args...)}
}

// errNoConsent is the answer for a consent that does not exist and for one
// that is none of one's business: who asks must not learn which.
func errNoConsent() *proto.Error {
	return &proto.Error{Code: proto.CodeNotFound, Message: "there is no such consent"}
}

func errNoChild() *proto.Error {
	return &proto.Error{Code: proto.CodeNotFound, Message: "there is no such child of yours"}
}

func errNoToken() *proto.Error {
	return &proto.Error{Code: proto.CodeNotFound, Message: "this link has been used, or has run out; start the consent again"}
}

func errOutdated() *proto.Error {
	return &proto.Error{Code: proto.CodeNeedsConsent, Message: "the notice has changed since this consent was started; read it and consent again"}
}

func errOverdue() *proto.Error {
	return wrongState("this consent was not finished in time; start it again")
}

func errLostRace() *proto.Error {
	return &proto.Error{Code: proto.CodeUnavailable, Message: "somebody else changed this consent at the same moment; try again"}
}

// refusal says why what is asked cannot happen to c.
func refusal(c proto.ConsentRow) *proto.Error { return wrongState(refusals[c.State]) }

var refusals = map[proto.ConsentState]string{
	proto.ConsentPending:   "this consent waits for something else: look at its method",
	proto.ConsentWaiting:   "this consent was confirmed once; the second e-mail comes when the delay is over",
	proto.ConsentReview:    "an operator looks at this consent",
	proto.ConsentGranted:   "this consent is granted already",
	proto.ConsentRefused:   "this consent was refused; start a new one",
	proto.ConsentWithdrawn: "this consent was withdrawn; start a new one",
	proto.ConsentExpired:   "this consent has expired; start a new one",
}
