package signaling

import (
	"context"
	"encoding/json"

	"kinwire/signaling/proto"
)

// hello opens a session on the socket, or resumes one. It runs on the
// reader's goroutine: nothing else of this socket is read until it is done.
func (k *socket) hello(r proto.Request) {
	if k.session.Load() != nil {
		k.tell(r.ID, refuse(proto.CodeWrongState, "type: given a second hello; allowed is one on a socket"))
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), k.hub.cfg.HandlerTimeout)
	defer cancel()
	if err := k.hub.greet(ctx, k, r); err != nil {
		k.tell(r.ID, err)
		if k.wrong++; k.wrong >= wrongHellos {
			k.shut(proto.CloseHelloTimeout, "too many wrong hellos", true)
		}
	}
}

// greet answers a hello.
func (h *Hub) greet(ctx context.Context, k *socket, r proto.Request) *proto.Error {
	if r.ID == 0 {
		return refuse(proto.CodeBadMessage, "id: given none; hello needs one, for it has a reply")
	}
	if err := checkVersion(r.Data); err != nil {
		return err
	}
	data, refused := proto.Decode[proto.Hello](r.Data)
	if refused != nil {
		return refused
	}
	person, err := h.accounts.Authenticate(ctx, data.Token)
	if err != nil {
		return refusal(h.log, "hello", err)
	}
	s, refused := h.sessionFor(k, data, person)
	if refused != nil {
		return refused
	}
	k.session.Store(s)
	k.nudge()
	// Again, now that the session is where EndLogins finds it: the login may
	// have been ended in between.
	_, err = h.accounts.Authenticate(ctx, data.Token)
	var w proto.Welcome
	if err == nil {
		h.seen(ctx, person.ID, data.Token)
		w, err = h.view(ctx, person)
	}
	w.Resumed = data.Resume != ""
	if err == nil {
		err = s.welcome(k, r.ID, w)
	}
	if err != nil {
		k.session.Store(nil)
		s.detach(k, !w.Resumed)
		return refusal(h.log, "hello", err)
	}
	h.PresenceChanged(person.ID)
	return nil
}

// checkVersion looks at the version before anything else: a client of another
// version may send fields that this one does not know.
func checkVersion(data json.RawMessage) *proto.Error {
	var v struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(data, &v) != nil || v.Version == 0 || v.Version == proto.Version {
		return nil // what is wrong, if anything, comes out when the whole is decoded
	}
	return refuse(proto.CodeVersionUnsupported, "data.version: given %d; allowed is %d", v.Version, proto.Version)
}

// sessionFor finds the session to resume, or opens one, and gives it the
// socket.
func (h *Hub) sessionFor(k *socket, data proto.Hello, person proto.Person) (*session, *proto.Error) {
	if data.Resume == "" {
		s := newSession(h, person, hashed(data.Token), data.Device)
		if err := s.attach(k, false, secret{}, 0); err != nil {
			return nil, err
		}
		if err := h.open(s); err != nil {
			s.cancel()
			return nil, err
		}
		return s, nil
	}
	key := hashed(data.Resume)
	s := h.resumes.find(key)
	if s == nil || s.who.UserID != person.ID {
		return nil, errGone
	}
	err := s.attach(k, true, key, data.LastSeq)
	if err != nil && err != errGone {
		s.end(0, "") // it is this client's, and cannot go on
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// view is the world as a person sees it.
func (h *Hub) view(ctx context.Context, me proto.Person) (proto.Welcome, error) {
	people, err := h.peopleOf(ctx, me.ID)
	if err != nil {
		return proto.Welcome{}, err
	}
	return proto.Welcome{
		Version:  proto.Version,
		ResumeMS: h.live.Load().ResumeWindow.Milliseconds(),
		Me:       me,
		People:   people.People,
		Calls:    h.calls.Views(me.ID),
	}, nil
}
