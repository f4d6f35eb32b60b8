package main

import (
	"kinwire/metrics"
	"kinwire/signaling/proto"
)

var deliveryKinds = []string{
	string(proto.DeliveryMessage), string(proto.DeliveryCommit), string(proto.DeliveryWelcome), string(proto.DeliveryNotice),
}

// exposeRelay declares the relay's counters. Nothing in them says who or what.
func exposeRelay(p *planes) error {
	kinds := []metrics.Label{{Name: "kind", Values: deliveryKinds}}
	codes := []metrics.Label{{Name: "code", Values: refusalCodes()}}
	return p.recorder.Source("relay", []metrics.Metric{
		{Name: "kinwire_relay_messages_accepted_total", Help: "Messages that were accepted."},
		{Name: "kinwire_relay_messages_repeated_total", Help: "Sends that were repeats of what had been accepted."},
		{Name: "kinwire_relay_messages_refused_total", Help: "Sends that were refused, by code.", Labels: codes},
		{Name: "kinwire_relay_deliveries_total", Help: "Deliveries handed to sessions, repeats after a reconnect included."},
		{Name: "kinwire_relay_deliveries_acknowledged_total", Help: "Deliveries that devices have acknowledged."},
		{Name: "kinwire_relay_deliveries_unreadable_total", Help: "Deliveries that could not be read, or whose seal did not open: no key of relay.keys fits."},
		{Name: "kinwire_relay_expired_total", Help: "What nobody fetched in time, by kind.", Labels: kinds},
		{Name: "kinwire_relay_undelivered_total", Help: "Pairs of a message and a person whom it did not reach."},
		{Name: "kinwire_relay_signals_total", Help: "Signals passed on: typing, opened."},
		{Name: "kinwire_relay_devices", Help: "Devices that are attached now.", Kind: metrics.Gauge},
		{Name: "kinwire_relay_devices_waiting", Help: "Attached devices that wait for their queue to be read.", Kind: metrics.Gauge},
		{Name: "kinwire_relay_deliveries_open", Help: "Deliveries on their way that are not acknowledged.", Kind: metrics.Gauge},
		{Name: "kinwire_relay_scrub_failures_total", Help: "Times that the database's log could not be emptied of what was deleted."},
	}, func(emit metrics.Emit) { emitRelay(p, emit) })
}

func emitRelay(p *planes, emit metrics.Emit) {
	s := p.messages.relay.Stats()
	for _, figure := range []struct {
		name  string
		value int64
	}{
		{"messages_accepted_total", s.Taken}, {"messages_repeated_total", s.Again},
		{"deliveries_total", s.Delivered}, {"deliveries_acknowledged_total", s.Acked}, {"deliveries_unreadable_total", s.Unopened},
		{"undelivered_total", s.Lost}, {"signals_total", s.Signals},
		{"devices", int64(s.Attached)}, {"devices_waiting", int64(s.Backlog)}, {"deliveries_open", int64(s.Unackd)},
		{"scrub_failures_total", s.ScrubFails},
	} {
		emit("kinwire_relay_"+figure.name, float64(figure.value))
	}
	// All from the start, so that the first time is a step and no beginning.
	for _, kind := range deliveryKinds {
		emit("kinwire_relay_expired_total", 0, kind)
	}
	for _, code := range refusalCodes() {
		emit("kinwire_relay_messages_refused_total", 0, code)
	}
	for kind, n := range s.Expired {
		emit("kinwire_relay_expired_total", float64(n), string(kind))
	}
	for code, n := range s.Refused {
		emit("kinwire_relay_messages_refused_total", float64(n), string(code))
	}
}

// refusalCodes is every code with which a send can be refused.
func refusalCodes() []string {
	var all []string
	for _, c := range []proto.Code{
		proto.CodeBadMessage, proto.CodeTooLarge, proto.CodeRateLimited, proto.CodeNotFound, proto.CodeNotAllowed, proto.CodeWrongState,
		proto.CodeNeedsConsent, proto.CodeNotApproved, proto.CodeSuspended, proto.CodeEpochTaken, proto.CodeCommitNeeded,
		proto.CodeNoDevice, proto.CodeQueueFull, proto.CodeUnavailable, proto.CodeInternal,
	} {
		all = append(all, string(c))
	}
	return all
}
