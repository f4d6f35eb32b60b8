package history

import "unsafe"

// What the bookkeeping itself takes, for Stats.Bytes.
const (
	placeBytes   = int(unsafe.Sizeof(place{}))
	entryBytes   = int(unsafe.Sizeof(chunk{}))
	pointerBytes = int(unsafe.Sizeof(uintptr(0)))
)
