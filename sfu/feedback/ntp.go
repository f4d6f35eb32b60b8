package feedback

import "time"

// ntpEpoch is how many seconds 1970 is after 1900, where NTP counts from.
const ntpEpoch = 2208988800

// NTP gives t as a 64 bit NTP timestamp: 32 bits of seconds since 1900 and 32
// bits of fraction (RFC 3550, section 4).
func NTP(t time.Time) uint64 {
	seconds := uint64(t.Unix()+ntpEpoch) << 32
	return seconds | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// FromNTP gives the time of a 64 bit NTP timestamp between 1900 and 2036, to
// the nanosecond.
func FromNTP(ntp uint64) time.Time {
	fraction := (ntp&0xffffffff)*uint64(time.Second) + 1<<31
	return time.Unix(int64(ntp>>32)-ntpEpoch, int64(fraction>>32)).UTC()
}

// middle is the part of an NTP timestamp that report blocks send back: 16 bits
// of seconds, 16 bits of fraction.
func middle(ntp uint64) uint32 { return uint32(ntp >> 16) }

// ntpSpan gives d as the difference of two NTP timestamps.
func ntpSpan(d time.Duration) uint64 {
	seconds, rest := d/time.Second, d%time.Second
	return uint64(int64(seconds)<<32 + int64(rest)<<32/int64(time.Second))
}

// shortSpan gives d in units of 1/65536 s, as DLSR counts, within its 32 bits.
func shortSpan(d time.Duration) uint32 {
	if d <= 0 {
		return 0
	}
	if d >= 1<<16*time.Second {
		return 0xffffffff
	}
	return uint32(uint64(d) << 16 / uint64(time.Second))
}

// fromShortSpan gives the duration of v units of 1/65536 s.
func fromShortSpan(v uint32) time.Duration {
	return time.Duration(uint64(v) * uint64(time.Second) >> 16)
}

// ticks gives d in ticks of a clock of rate ticks a second. Seconds and rest
// are scaled apart: a call may last longer than the 28 hours after which the
// product of nanoseconds and 90,000 leaves 64 bits.
func ticks(d time.Duration, rate uint32) int64 {
	seconds, rest := int64(d/time.Second), int64(d%time.Second)
	return seconds*int64(rate) + rest*int64(rate)/int64(time.Second)
}

// fromTicks gives the duration of n ticks of a clock of rate ticks a second; 0
// when there is no clock.
func fromTicks(n uint32, rate uint32) time.Duration {
	if rate == 0 {
		return 0
	}
	return time.Duration(uint64(n) * uint64(time.Second) / uint64(rate))
}
