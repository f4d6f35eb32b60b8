// Package clip sends recorded sound and pictures as real RTP and tells, at the
// other end, whether they have arrived as they were.
//
// # Sending
//
// The clips are a few seconds each, made by scripts/make-clips with ffmpeg from
// test pictures, and embedded: VP8 out of IVF, H264 out of an Annex B stream,
// Opus out of Ogg (RFC 7845). A [Source] plays one in a loop: packets by the
// payload formats (RFC 7741, RFC 6184 in packetisation mode 1, RFC 7587), the
// marker on the last packet of a picture, timestamps that go on evenly over the
// loop's seam. Each clip has a key frame a second; asked for one, a source jumps
// to the clip's next. A [Beat] plays many sources from one goroutine, for loads.
//
// # Arriving
//
// An [Ear] takes the packets of one stream in the order of their arrival:
//
//	packets ─► numbers: lost, late, twice, jitter
//	        └► pictures: whole? begun with a key frame? nothing missing before it?
//	           └► known: by its hash, which frame of which clip is this?
//
// A frame is decodable when all its packets came, bit for bit what some clip
// has, and it is a key frame or follows directly on one that was decodable. So
// a run tells about a codec's stream without a decoder: that ffmpeg decodes the
// clips themselves is a test of this package.
//
// Pictures of other senders than these are judged by their packets alone.
package clip
