package main

import (
	"context"
	"log/slog"
	"sync/atomic"

	"kinwire/signaling"
	"kinwire/signaling/calls"
	"kinwire/signaling/friends"
	"kinwire/signaling/guardian"
	"kinwire/signaling/proto"
	"kinwire/signaling/relay/groups"
)

// changes hands on that what people may do with one another has changed, to
// everybody who has to look again. The modules say whose relations changed,
// not what follows from it.
type changes struct {
	hub    *signaling.Hub
	calls  atomic.Pointer[calls.Service]  // set once the calls are made
	groups atomic.Pointer[groups.Service] // and the conversations
}

// Relations has live calls and conversations asked about again, and presence
// and lists of people made anew.
func (c *changes) Relations(userIDs ...string) {
	if s := c.calls.Load(); s != nil {
		s.Recheck(userIDs...)
	}
	if s := c.groups.Load(); s != nil {
		s.Recheck(userIDs...)
	}
	c.hub.FriendsChanged(userIDs...)
}

// Family tells parents' devices that there is something to look at.
func (c *changes) Family(userIDs ...string) { c.hub.FamilyChanged(userIDs...) }

// talks hands on how long people were in a call: to those who order friends by
// it, and to those who count a child's minutes.
type talks struct {
	friends  *friends.Service
	guardian *guardian.Service
	log      *slog.Logger
}

func (t talks) Talked(talk proto.Talk) {
	ctx := context.Background() // a call that ended while the server goes down counts too
	if err := t.friends.Talked(ctx, talk); err != nil {
		t.log.Error("talk not counted", "err", err)
	}
	if err := t.guardian.Used(ctx, talk, talk.A, talk.B); err != nil {
		t.log.Error("minutes not counted", "err", err)
	}
}
