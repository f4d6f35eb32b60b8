package friends

import (
	"fmt"

	"kinwire/signaling/proto"
)

// What people are told. Somebody who is not there, who is suspended and who
// has blocked the one who asks look the same.

func errNobody() *proto.Error {
	return &proto.Error{Code: proto.CodeNotFound, Message: "there is no such person among those you know"}
}

func errUnknownCode() *proto.Error {
	return &proto.Error{Code: proto.CodeNotFound, Message: "nobody can be reached by this code; look at it again, or ask for a new one"}
}

func errNoRequest() *proto.Error {
	return &proto.Error{Code: proto.CodeNotFound, Message: "there is no such request"}
}

func errOwnBlock() *proto.Error {
	return &proto.Error{Code: proto.CodeNotAllowed, Message: "you have blocked this person; undo that first"}
}

func errParentBlocked() *proto.Error {
	return &proto.Error{Code: proto.CodeNotAllowed, Message: "your parent has blocked this person; ask your parent to undo it"}
}

func errOneself() *proto.Error {
	return &proto.Error{Code: proto.CodeNotAllowed, Message: "this is your own code; give it to somebody who would like to be your friend"}
}

func errFamily() *proto.Error {
	return &proto.Error{Code: proto.CodeNotAllowed, Message: "this is family: it can be neither ended nor blocked"}
}

func errQuiet(until int64) *proto.Error {
	return &proto.Error{Code: proto.CodeNotAllowed, Message: "the answer was no; you can ask again from " + day(until)}
}

func errReminded(until int64) *proto.Error {
	return &proto.Error{Code: proto.CodeRateLimited, Message: "they were asked not long ago; you can ask again from " + day(until)}
}

func errNothingToRemind() *proto.Error {
	return &proto.Error{Code: proto.CodeWrongState, Message: "this request does not wait for your parent"}
}

func errTooManyTries(seconds int) *proto.Error {
	return &proto.Error{Code: proto.CodeRateLimited, Message: fmt.Sprintf("that were many codes in a short time; try again in %d seconds", seconds)}
}

func errTooManyIntroductions(most int) *proto.Error {
	return &proto.Error{Code: proto.CodeRateLimited,
		Message: fmt.Sprintf("%d people whom you introduced have not answered yet; wait for some of them", most)}
}

// impossible is said of an event that the table does not have.
func impossible(k kind, in proto.FriendState) *proto.Error {
	if k == evEnd || k == evUnblock {
		return errNobody()
	}
	message, ok := impossibles[in]
	if !ok {
		return errNoRequest()
	}
	return &proto.Error{Code: proto.CodeWrongState, Message: message}
}

var impossibles = map[proto.FriendState]string{
	pending:   "this request waits for an answer",
	friends:   "you are friends already",
	declined:  "this request was answered already",
	cancelled: "this request was taken back",
	ended:     "this friendship has ended",
	expired:   "this request has run out",
}
