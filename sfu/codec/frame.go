package codec

// Frame is what one packet tells of the frame it belongs to.
type Frame struct {
	// Start: this is the first packet of a frame. With spatial layers in one
	// stream it is the first packet of the lowest layer.
	Start bool
	// Key: this is the first packet of a key frame, so a receiver can start
	// here. Key implies Start.
	Key bool
	// Width and Height are in pixels, as shown (after cropping), of the
	// largest layer in the stream. Both are 0 when this packet does not tell.
	Width, Height uint16
}

// Inspect reads what payload, the payload of one RTP packet without header and
// padding, tells of its frame. It does not keep payload, does not allocate, and
// takes any bytes. An unknown codec gives a zero Frame.
func Inspect(k Kind, payload []byte) Frame {
	if len(payload) == 0 {
		return Frame{}
	}
	return k.properties().inspect(payload)
}

// dimensions returns f with its size, if the size is one that fits; pictures
// of more than 65,535 pixels a side do not come over a call.
func (f Frame) dimensions(width, height uint32) Frame {
	if width == 0 || height == 0 || width > 0xffff || height > 0xffff {
		return f
	}
	f.Width, f.Height = uint16(width), uint16(height)
	return f
}

func inspectUnknown([]byte) Frame { return Frame{} }

func inspectOpus([]byte) Frame { return Frame{Start: true} }
