package records

// document is what a line of the table needs of a record. The record itself is
// described in docs/record.md.
type document struct {
	ID           string        `json:"id"`
	Live         bool          `json:"live"`
	StartedAt    int64         `json:"started_at"`
	EndedAt      int64         `json:"ended_at"`
	DurationMS   int64         `json:"duration_ms"`
	TalkMS       int64         `json:"talk_ms"`
	Reason       string        `json:"reason"`
	Video        bool          `json:"video"`
	Score        float64       `json:"score"`
	Verdict      string        `json:"verdict"`
	Participants []participant `json:"participants"`
}

type participant struct {
	ID     string `json:"id"`
	User   string `json:"user"`
	Device struct {
		Model string `json:"model"`
		OS    string `json:"os"`
		App   string `json:"app"`
	} `json:"device"`
	JoinedAt int64  `json:"joined_at"`
	LeftAt   int64  `json:"left_at"`
	Reason   string `json:"reason"`
	Joins    int64  `json:"joins"`
	Path     struct {
		Type     string `json:"type"`
		Protocol string `json:"protocol"`
		Remote   string `json:"remote"`
		Changes  int64  `json:"changes"`
		Server   struct {
			RTT *spread `json:"rtt_ms"`
		} `json:"server"`
		Client struct {
			RTT *spread `json:"rtt_ms"`
		} `json:"client"`
	} `json:"path"`
	Streams []stream `json:"streams"`
}

type stream struct {
	Direction string  `json:"direction"`
	Kind      string  `json:"kind"`
	From      string  `json:"from"`
	MOS       *spread `json:"mos"`
	Server    *view   `json:"server"`
	Client    *view   `json:"client"`
	Trouble   struct {
		Where string  `json:"where"`
		Why   string  `json:"why"`
		Share float64 `json:"share_ratio"`
	} `json:"trouble"`
}

type view struct {
	Codecs     []string `json:"codecs"`
	DurationMS int64    `json:"duration_ms"`
	ActiveMS   int64    `json:"active_ms"`
	Totals     struct {
		Packets       int64   `json:"packets"`
		Bytes         int64   `json:"bytes"`
		Lost          int64   `json:"lost"`
		LossRatio     float64 `json:"loss_ratio"`
		ResidualRatio float64 `json:"residual_loss_ratio"`
		NACKs         int64   `json:"nacks"`
		PLIs          int64   `json:"plis"`
		BitrateBPS    float64 `json:"bitrate_bps"`
		FPS           float64 `json:"fps"`
		Freezes       int64   `json:"freezes"`
		FrozenMS      float64 `json:"frozen_ms"`
	} `json:"totals"`
	RTT     *spread `json:"rtt_ms"`
	Jitter  *spread `json:"jitter_ms"`
	Largest *struct {
		Height int64 `json:"height"`
	} `json:"largest"`
}

// spread is a figure over the call.
type spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
}
