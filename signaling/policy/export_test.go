package policy

// Fewest is who leaves where nobody has blocked anybody: of people by numbers
// who cannot be with those of apart.
func Fewest(apart []uint64) uint64 { return parting{apart: apart}.fewest(0) }
