package history

import "unsafe"

// What the bookkeeping itself takes, for Stats.Bytes.
const (
	placeBytes = int(unsafe.Sizeof(place{}))
	sliceBytes = int(unsafe.Sizeof([]byte{}))
)
