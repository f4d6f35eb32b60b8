package script

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// unitsOf are the units in which a value may be written, with what one is in
// the metric's own unit. "" is the metric's own.
var unitsOf = map[string][]struct {
	name   string
	factor float64
}{
	unitMS:    {{"ms", 1}, {"s", 1000}, {"", 1}},
	unitRatio: {{"%", 0.01}, {"", 1}},
	unitBPS:   {{"kbps", 1e3}, {"Mbps", 1e6}, {"bps", 1}, {"", 1}},
	unitFPS:   {{"fps", 1}, {"", 1}},
	unitPX:    {{"px", 1}, {"", 1}},
}

// parseNumber reads a value in the metric's unit.
func parseNumber(value, unit string) (float64, error) {
	units := unitsOf[unit]
	if units == nil {
		units = unitsOf[unitFPS][1:] // no unit of its own
	}
	var names []string
	for _, u := range units {
		if u.name != "" {
			names = append(names, u.name)
		}
		digits, ok := strings.CutSuffix(value, u.name)
		if !ok {
			continue
		}
		// ParseFloat would take 0x1p4, 1_0, inf and nan as well.
		digits = strings.TrimSpace(digits)
		if digits == "" || strings.Trim(digits, "0123456789.+-eE") != "" || strings.IndexAny(digits[:1], "eE") == 0 {
			continue
		}
		f, err := strconv.ParseFloat(digits, 64)
		if err == nil && !math.IsInf(f*u.factor, 0) {
			return f * u.factor, nil
		}
	}
	if names == nil {
		return 0, fmt.Errorf("given %q; allowed: a number without a unit", printable(value))
	}
	return 0, fmt.Errorf("given %q; allowed: a number, with or without its unit (%s)", printable(value), strings.Join(names, ", "))
}

// Format writes a value of a metric with its unit, as a person reads it.
func Format(v float64, unit string) string {
	switch unit {
	case unitMS:
		if math.Abs(v) >= 10_000 {
			return number(v/1000, 1) + " s"
		}
		if math.Abs(v) < 10 {
			return number(v, 1) + " ms"
		}
		return number(v, 0) + " ms"
	case unitRatio:
		decimals := 1
		if math.Abs(v) < 0.01 {
			decimals = 2
		}
		return number(v*100, decimals) + " %"
	case unitBPS:
		return bitRate(v)
	case unitFPS:
		return number(v, 1) + " fps"
	case unitPX:
		return number(v, 0) + " px"
	case unitMOS:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case unitYesNo:
		if v != 0 {
			return "yes"
		}
		return "no"
	}
	return number(v, 3)
}

// formatApart writes two values so that what differs does so on paper too.
func formatApart(a, b float64, unit string) (string, string) {
	x, y := Format(a, unit), Format(b, unit)
	if x != y || a == b {
		return x, y
	}
	exact := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) + " " + unit }
	return strings.TrimSpace(exact(a)), strings.TrimSpace(exact(b))
}
