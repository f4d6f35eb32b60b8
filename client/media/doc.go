// Package media makes RTP for tests and rehearsals: sources for package client
// whose packets are what they claim to be, so that a browser decodes them, and
// that carry a [Stamp] each, so that a receiver can tell what is missing and
// how long it took.
//
// [NewOpus] makes audio: Opus packets of 20 ms, silent or noisy. [NewVP8]
// makes video: VP8 frames of a chosen size, rate and weight, a grey picture
// whose stamps hide in the part of the frame that a decoder has no need to
// read. [ParseStamp] finds the stamp of a received packet.
package media
