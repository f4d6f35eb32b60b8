//go:build !unix

package main

import "io"

// terminalSize knows no terminal here: plain lines serve everywhere.
func terminalSize(io.Writer) (columns, rows int, ok bool) { return 0, 0, false }
