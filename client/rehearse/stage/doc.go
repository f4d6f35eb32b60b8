// Package stage plays scripts of calls: it signs people in with the Go SDK,
// lets them call, answer, mute, vanish and come back as the script says, sends
// recorded sound and pictures as real RTP over the whole stack, and measures
// what arrives.
//
//	p := stage.New(stage.Options{Lab: true})
//	defer p.Close()
//	result := p.Play(ctx, script, progress)
//
// # What a second is
//
// Each participant in a call is looked at once a second. What belongs to
// streams is the worst of the streams of that kind that the participant
// receives: the highest loss and jitter, the lowest frame rate. Streams whose
// sender is muted are left out.
//
// # When a condition holds
//
// A step with `after` begins when its condition has been seen since the last
// step above it that could have brought it about: the last call of anybody, or
// what the participants named in the condition have done to their own
// connection (back, join, move and the like). So "leo connected" after "back"
// is the new connection, and two steps can wait for the same thing.
//
// # The end
//
// A run is over when all steps are done, no call goes on any more and all
// messages have arrived, and at the latest when the script's time is up. Then
// the call's record is fetched; of several calls, the last one's.
package stage
