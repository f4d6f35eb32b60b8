package client

import (
	"context"
	"errors"
	"time"

	"kinwire/signaling/proto"
)

// Next waits for the next delivery. Deliveries come in their order, each once,
// whatever happens to sockets and to the server in between; tell Done of each.
func (d *ChatDevice) Next(ctx context.Context) (proto.ChatDelivery, error) {
	for {
		d.mu.Lock()
		if len(d.queue) > 0 {
			next := d.queue[0]
			d.queue = d.queue[1:]
			if len(d.queue) > 0 || d.err != nil {
				nudge(d.arrived) // for whoever waits besides
			}
			d.mu.Unlock()
			return next, nil
		}
		err := d.err
		d.mu.Unlock()
		if err != nil {
			nudge(d.arrived)
			return proto.ChatDelivery{}, err
		}
		select {
		case <-d.arrived:
		case <-ctx.Done():
			return proto.ChatDelivery{}, ctx.Err()
		}
	}
}

// Done says that everything up to pos is done with and kept where it belongs:
// it will not come again, and the server may forget it.
func (d *ChatDevice) Done(pos int64) {
	d.mu.Lock()
	d.state.Pos = max(d.state.Pos, pos)
	d.mu.Unlock()
	nudge(d.due)
}

// listen takes the session's events until either ends.
func (d *ChatDevice) listen() {
	for {
		ev, err := d.ev.Next(d.ctx)
		if err != nil {
			d.end(err)
			return
		}
		switch data := ev.Data.(type) {
		case proto.ChatDelivery:
			d.arrive(data)
		case proto.Welcome:
			if ev.Type == EventReset {
				_ = d.attach(d.ctx) // it ends the device where that is of no use
			}
		case proto.Empty:
			if ev.Type == proto.TypeChatDetached {
				d.end(ErrDetached)
				return
			}
		}
	}
}

// arrive queues a delivery, if it is new.
func (d *ChatDevice) arrive(in proto.ChatDelivery) {
	d.mu.Lock()
	fresh := in.Pos > d.seen
	if fresh {
		d.seen = in.Pos
		d.queue = append(d.queue, in)
	} else if in.Pos <= d.state.Pos {
		d.late = true // the acknowledgement was lost
	}
	d.mu.Unlock()
	if fresh {
		nudge(d.arrived)
	} else {
		nudge(d.due)
	}
}

// acknowledge tells the server what is done with: all of it in one message, and
// the next one when that is answered.
func (d *ChatDevice) acknowledge() {
	for tries := 0; ; {
		select {
		case <-d.ctx.Done():
			return
		case <-d.due:
		}
		if !d.gather() {
			return
		}
		pos, any := d.toAck()
		if !any {
			continue
		}
		err := d.save()
		if err == nil {
			_, err = Request[proto.Empty](d.ctx, d.s, proto.TypeChatAck, proto.ChatAck{Pos: pos})
		}
		if d.ctx.Err() != nil {
			return
		}
		if err == nil {
			tries = 0
			d.mu.Lock()
			d.acked, d.late = max(d.acked, pos), false
			d.mu.Unlock()
			nudge(d.due)
			continue
		}
		d.s.opt.Log.Debug("deliveries not acknowledged", "err", err)
		if !again(err) {
			continue // until there is more to say
		}
		if d.pause(d.ctx, tries) != nil {
			return
		}
		tries++
		nudge(d.due)
	}
}

// again reports whether an acknowledgement that was refused is worth another
// try: what is wrong passes, or the session is new and the device not yet on it.
func again(err error) bool {
	var pe *proto.Error
	return !errors.As(err, &pe) || maybeLater(err) || pe.Code == proto.CodeNoDevice || pe.Code == proto.CodeRateLimited
}

// gather waits for more to acknowledge, while it is little. It reports false
// when the device is given up.
func (d *ChatDevice) gather() bool {
	t := time.NewTimer(d.opt.AckEvery)
	defer t.Stop()
	for {
		d.mu.Lock()
		much := d.state.Pos-d.acked >= ackEvery
		d.mu.Unlock()
		if much {
			return true
		}
		select {
		case <-d.ctx.Done():
			return false
		case <-t.C:
			return true
		case <-d.due:
		}
	}
}

func (d *ChatDevice) toAck() (pos int64, any bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.Pos, d.state.Pos > 0 && (d.state.Pos > d.acked || d.late)
}
