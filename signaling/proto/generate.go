package proto

//go:generate go run ./gen
