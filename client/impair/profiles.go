package impair

import (
	"slices"
	"time"
)

// The sources that profiles name.
const (
	webPageTest = "rates and RTT: WebPageTest's connectivity profile "
	ofcom       = "Ofcom's report on fixed-line broadband of 2018 (mean loss 0.1 to 0.4 %, latency 10 to 30 ms)"
	rfc8868     = "RFC 8868, section 4 (delays 0, 50, 150, 300 ms; loss 0 to 20 %; queues of 70, 300 to 500, 1000 to 2000 ms)"
)

const ms = time.Millisecond

// both is a network that is the same in either way.
func both(d Direction) (up, down Direction) { return d, d }

// link is one way with a rate in kbit/s.
func link(kbps int64, delay, jitter time.Duration, loss float64) Direction {
	return Direction{RateBPS: kbps * 1000, Delay: delay, Jitter: jitter, Loss: loss}
}

// burstsOf loses, in the long run, the share mean, in runs of length packets on
// average (the simple form of the model: all is lost in the bad state, nothing in
// the good one).
func burstsOf(mean, length float64) *GilbertElliott {
	toGood := 1 / length
	return &GilbertElliott{ToBad: toGood * mean / (1 - mean), ToGood: toGood, LossBad: 1}
}

// Profiles are the networks that are known by name, from good to bad.
func Profiles() []Profile {
	all := []Profile{{
		Name: "none", Says: "the network as it is: nothing is done to packets",
		Source: "",
	}, {
		Name: "lan", Says: "a good wired network in one building",
		Source: rfc8868 + ": very low latency; the rate is Fast Ethernet's",
		Up:     link(100_000, ms/2, 0, 0), Down: link(100_000, ms/2, 0, 0),
	}, {
		Name: "home-wifi", Says: "an evening at home, two rooms away from the router",
		Source: ofcom + "; the jitter, which that report gives for wired homes only (below 1 ms), is our choice for a shared radio channel",
		Up:     link(8_000, 10*ms, 4*ms, 0.002), Down: link(30_000, 10*ms, 4*ms, 0.002),
	}, {
		Name: "school-wifi", Says: "a class on one access point: little for each, and bursts of loss when many send",
		Source: "jitter of 30 ms at most (three standard deviations): RFC 8867; loss of 1 % and queue: " + rfc8868 + "; rates, and bursts of three packets, are our choice",
		Up:     crowded(1_000), Down: crowded(2_000),
	}}
	all = append(all, mobile()...)
	return append(all, troubled()...)
}

func crowded(kbps int64) Direction {
	d := link(kbps, 15*ms, 10*ms, 0)
	d.Burst, d.Queue = burstsOf(0.01, 3), 300*ms
	return d
}

func mobile() []Profile {
	train := func(kbps int64) Direction {
		d := link(kbps, 45*ms, 20*ms, 0)
		d.Burst, d.Queue = burstsOf(0.02, 8), 500*ms
		d.Outages = []Outage{{From: 12 * time.Second, For: 2 * time.Second, Every: 30 * time.Second}}
		return d
	}
	slow := func(kbps int64, delay, jitter time.Duration) Direction {
		d := link(kbps, delay, jitter, 0.005)
		d.Queue = 500 * ms
		return d
	}
	return []Profile{{
		Name: "4g", Says: "a telephone in a town",
		Source: "rates and RTT: sitespeed.io's throttle, profile lte (12 Mbit/s, 70 ms); loss: 3GPP TS 23.203, table 6.1.7, QCI 7 (0.1 %); jitter is our choice",
		Up:     link(12_000, 35*ms, 8*ms, 0.001), Down: link(12_000, 35*ms, 8*ms, 0.001),
	}, {
		Name: "3g", Says: "a telephone in the country",
		Source: webPageTest + "3G (1.6 Mbit/s, 768 kbit/s, 300 ms); queue: " + rfc8868 + "; jitter and loss of 0.5 % are our choice",
		Up:     slow(768, 150*ms, 15*ms), Down: slow(1_600, 150*ms, 15*ms),
	}, {
		Name: "edge", Says: "a telephone where there is hardly a network: enough for voice at best",
		Source: webPageTest + "Edge (240 kbit/s, 200 kbit/s, 840 ms); queue: " + rfc8868 + "; jitter and loss of 0.5 % are our choice",
		Up:     slow(200, 420*ms, 40*ms), Down: slow(240, 420*ms, 40*ms),
	}, {
		Name: "train", Says: "a telephone on a train: bursts of loss, and nothing at all for 2 s of every 30, as in tunnels",
		Source: "delay between those of 4g and 3g; queue: " + rfc8868 + "; rates, bursts of eight packets and outages are our choice",
		Up:     train(1_500), Down: train(4_000),
	}, {
		Name: "satellite", Says: "a link over a geostationary satellite",
		Source: "one-way delay: ITU-T G.114, table A.1 (260 ms); loss of 1 %: " + rfc8868 + "; the rates are our choice",
		Up:     link(2_000, 260*ms, 5*ms, 0.01), Down: link(10_000, 260*ms, 5*ms, 0.01),
	}}
}

func troubled() []Profile {
	lossy := Profile{Name: "lossy", Says: "each way loses 5 % at random and takes 40 ms", Source: rfc8868}
	lossy.Up, lossy.Down = both(Direction{Loss: 0.05, Delay: 40 * ms})
	bursty := Profile{
		Name: "bursty", Says: "each way loses 5 %, in runs of five packets on average, and takes 40 ms",
		Source: "5 %: " + rfc8868 + "; the form of the model: Hasslinger and Hohlfeld, The Gilbert-Elliott Model for Packet Loss in Real Time Services on the Internet, 2008; the length is our choice",
	}
	bursty.Up, bursty.Down = both(Direction{Burst: burstsOf(0.05, 5), Delay: 40 * ms})
	jumbled := Profile{
		Name: "jumbled", Says: "packets overtake one another and come twice",
		Source: "delay: " + rfc8868 + "; 3 % that overtake and 1 % twice are our choice, far more than is usual",
	}
	jumbled.Up, jumbled.Down = both(Direction{Delay: 50 * ms, Jitter: 10 * ms, Reorder: 0.03, Duplicate: 0.01})
	up := link(384, 25*ms, 0, 0)
	up.Queue = time.Second
	return []Profile{lossy, bursty, jumbled, {
		Name: "slow-uplink", Says: "an old DSL line: little goes up, and what is too much waits for a second in the router",
		Source: webPageTest + "DSL (1.5 Mbit/s, 384 kbit/s, 50 ms); queue: buffer-bloated of " + rfc8868,
		Up:     up, Down: link(1_500, 25*ms, 0, 0),
	}}
}

// Named finds a profile.
func Named(name string) (Profile, bool) {
	all := Profiles()
	i := slices.IndexFunc(all, func(p Profile) bool { return p.Name == name })
	if i < 0 {
		return Profile{}, false
	}
	return all[i], true
}
