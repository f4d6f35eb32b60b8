package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The metrics that a load reads of a server.
const (
	metricCPU    = "process_cpu_seconds_total"
	metricMemory = "process_resident_memory_bytes"
	metricSent   = "kinwire_sfu_packets_sent_total"
)

// meter reads a server's metrics.
type meter struct {
	http  *http.Client
	url   string
	token string // empty: they cannot be read
}

// reading is what they said at a moment.
type reading struct {
	at     time.Time
	values map[string]float64
}

// read asks for the metrics. False: they are not to be had.
func (m meter) read(ctx context.Context) (reading, bool) {
	if m.token == "" {
		return reading{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(m.url, "/")+"/metrics", nil)
	if err != nil {
		return reading{}, false
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	res, err := m.http.Do(req)
	if err != nil {
		return reading{}, false
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return reading{}, false
	}
	values, err := parseMetrics(io.LimitReader(res.Body, 16<<20))
	_, known := values[metricCPU]
	return reading{time.Now(), values}, err == nil && known
}

// parseMetrics reads the text format of Prometheus: of each name, the sum over
// all labels.
func parseMetrics(r io.Reader) (map[string]float64, error) {
	out := map[string]float64{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		line, _, _ = strings.Cut(line, " # ") // an exemplar
		name := line[:strings.IndexAny(line+" ", "{ ")]
		rest := line[len(name):]
		if i := strings.LastIndexByte(rest, '}'); i >= 0 {
			rest = rest[i+1:]
		}
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			continue
		}
		v, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			return nil, fmt.Errorf("read metrics: line %.80q: %w", line, err)
		}
		out[name] += v
	}
	return out, lines.Err()
}

// cost is what was spent from one reading to another.
func cost(from, to reading) Cost {
	c := Cost{
		Known: true, Seconds: to.at.Sub(from.at).Seconds(),
		CPUSeconds: to.values[metricCPU] - from.values[metricCPU], Packets: to.values[metricSent] - from.values[metricSent],
		MemoryBytes: to.values[metricMemory],
	}
	if c.Packets > 0 {
		c.CPUPerPacket = c.CPUSeconds / c.Packets * 1e6
	}
	if c.Seconds > 0 {
		c.Cores = c.CPUSeconds / c.Seconds
	}
	return c
}
