package client

import (
	"context"
	"errors"
	"fmt"

	"kinwire/signaling/proto"
)

// ChatOut is a message to be sent: see [proto.ChatSend].
type ChatOut struct {
	ConversationID string
	Body           []byte
	Commitment     []byte
	Attachments    []string
	ExpireS        int64
}

// Send sends a message and returns when the server has taken it, over drops of
// the socket and restarts of the server. Messages go out one after the other.
//
// A [*proto.Error] means that it was not taken: with epoch_taken or
// commit_needed it is to be encrypted anew when the deliveries on their way are
// done with. Any other error, such as the end of ctx, leaves open whether it
// was: the message stays in the state as Open, and Resend settles it.
func (d *ChatDevice) Send(ctx context.Context, out ChatOut) (proto.ChatSent, error) {
	if err := d.takeTurn(ctx); err != nil {
		return proto.ChatSent{}, err
	}
	defer d.giveTurn()
	d.mu.Lock()
	if d.state.Open != nil {
		d.mu.Unlock()
		return proto.ChatSent{}, ErrUnsettled
	}
	d.state.Open = &proto.ChatSend{
		ConversationID: out.ConversationID, N: d.state.Sent + 1, Settled: d.state.Sent,
		Body: out.Body, Commitment: out.Commitment, Attachments: out.Attachments, ExpireS: out.ExpireS,
	}
	d.mu.Unlock()
	if err := d.save(); err != nil {
		d.settled(0)
		return proto.ChatSent{}, err
	}
	return d.settle(ctx)
}

// Resend settles a message that Send, in this program or before, has left open:
// it goes out again under its n, so that it is taken once. There is nothing to
// do when ok is false.
func (d *ChatDevice) Resend(ctx context.Context) (sent proto.ChatSent, ok bool, err error) {
	if err := d.takeTurn(ctx); err != nil {
		return sent, false, err
	}
	defer d.giveTurn()
	if d.State().Open == nil {
		return sent, false, nil
	}
	sent, err = d.settle(ctx)
	return sent, true, err
}

func (d *ChatDevice) takeTurn(ctx context.Context) error {
	select {
	case d.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-d.ctx.Done():
		return d.Err()
	}
}

func (d *ChatDevice) giveTurn() { <-d.turn }

// settle sends what is open until it is known what became of it.
func (d *ChatDevice) settle(ctx context.Context) (proto.ChatSent, error) {
	strange := false
	for n := 0; ; n++ {
		if err := d.Err(); err != nil {
			return proto.ChatSent{}, err
		}
		open := d.State().Open
		sent, err := Request[proto.ChatSent](ctx, d.s, proto.TypeChatSend, *open)
		var pe *proto.Error
		switch {
		case err == nil:
			d.settled(open.N)
			return sent, nil
		case maybeLater(err):
			err = d.pause(ctx, n)
		case errors.As(err, &pe) && pe.Code == proto.CodeNoDevice && !strange:
			// It may have come to a session that is new, before the device did.
			strange = true
			err = d.attach(ctx)
		case pe != nil:
			d.settled(0)
			return proto.ChatSent{}, err
		}
		if err != nil {
			return proto.ChatSent{}, fmt.Errorf("message %d is open: %w", open.N, err)
		}
	}
}

// settled notes that what was open has been taken under n, or (0) that it has
// not been.
func (d *ChatDevice) settled(n int64) {
	d.mu.Lock()
	d.state.Open = nil
	d.state.Sent = max(d.state.Sent, n, d.lastN)
	d.mu.Unlock()
}
