// Package spelling finds out how near two names are, for "did you mean".
package spelling

// Longest is the longest name that is looked at, in bytes. A hostile name may be
// longer; no real one is.
const Longest = 128

// Distance is the number of letters to insert, delete, change or swap with
// their neighbour that turn a into b (optimal string alignment). It is Longest
// where one of them is longer than that.
func Distance(a, b string) int {
	if len(a) > Longest || len(b) > Longest {
		return Longest
	}
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
