// Package quality says how good a stream of a call is, and where it goes bad.
//
// Sound is scored by the E-model of ITU-T, which adds up what is lost on the
// way from mouth to ear on a scale of impairments and turns the rest into a
// mean opinion score (MOS): AudioMOS. A picture is scored from its size, frame
// rate and bitrate and from how often it stood still: VideoMOS. Level puts a
// score into one of a few words, and Locate names the hop that is to blame.
//
// Everything is pure: the same numbers give the same score, NaN and infinities
// count as not known, and no score is ever NaN.
package quality
