package layers

// Room is one package of the plan.
type Room struct {
	// May lists the module's own packages that it may import, without the
	// module's name. A trailing /... takes in everything below.
	May []string
	// Clock allows direct reads of the clock. Edges have it: they are where
	// time comes from.
	Clock bool
}

// House is the plan that the files are held against.
type House struct {
	Module string
	Rooms  map[string]Room // by directory
	// Clocks are single files that may read the clock, with the reason.
	Clocks map[string]string
}

// anything is for the wiring: the one place that joins the planes.
var anything = []string{"..."}

// vocabulary is what every signaling module may import, and nothing else of
// the house.
var vocabulary = []string{"signaling/proto", "signaling/pace"}

// Kinwire is the plan of this module. Some rooms are planned and not built
// yet: their place is kept, their arrows are drawn already.
var Kinwire = House{
	Module: "kinwire",
	Rooms: map[string]Room{
		"cmd/kinwire":   {May: anything, Clock: true},
		"cmd/kincall":   {May: []string{"client/...", "signaling/proto"}, Clock: true},
		"configs":       {May: []string{"internal/spelling"}},
		"configs/gen":   {May: []string{"configs"}},
		"configs/watch": {},
		"web":           {},

		"sfu":          {May: []string{"sfu/..."}},
		"sfu/link":     {May: []string{"sfu/datagram", "sfu/ice", "sfu/sdp", "sfu/srtp", "sfu/forward", "sfu/packet", "sfu/history", "sfu/codec", "sfu/feedback", "sfu/bwe", "sfu/pacer", "sfu/layer", "internal/pionlog"}},
		"sfu/forward":  {May: []string{"sfu/datagram", "sfu/packet", "sfu/history", "sfu/codec", "sfu/feedback", "sfu/bwe", "sfu/pacer", "sfu/layer"}},
		"sfu/layer":    {May: []string{"sfu/packet", "sfu/codec"}},
		"sfu/feedback": {May: []string{"sfu/packet", "sfu/codec"}},
		"sfu/history":  {May: []string{"sfu/packet"}},
		"sfu/codec":    {May: []string{"sfu/packet"}},
		"sfu/bwe":      {},
		"sfu/pacer":    {},
		"sfu/packet":   {},
		"sfu/datagram": {},
		"sfu/ice":      {},
		"sfu/sdp":      {May: []string{"sfu/codec"}},
		"sfu/srtp":     {},

		"turn": {},

		"signaling":                         {May: []string{"signaling/...", "internal/mask"}},
		"signaling/pace":                    {},
		"signaling/proto":                   {},
		"signaling/proto/gen":               {May: []string{"signaling/proto"}},
		"signaling/accounts":                {May: vocabulary},
		"signaling/audit":                   {May: vocabulary},
		"signaling/bus":                     {May: vocabulary},
		"signaling/calls":                   {May: vocabulary},
		"signaling/consent":                 {May: vocabulary},
		"signaling/friends":                 {May: vocabulary},
		"signaling/guardian":                {May: vocabulary},
		"signaling/location":                {May: vocabulary},
		"signaling/mail":                    {May: vocabulary},
		"signaling/netcheck":                {May: vocabulary},
		"signaling/records":                 {May: vocabulary},
		"signaling/oidc":                    {May: vocabulary},
		"signaling/passkey":                 {May: vocabulary},
		"signaling/passkey/keytest":         {},
		"signaling/policy":                  {May: vocabulary},
		"signaling/privacy":                 {May: vocabulary},
		"signaling/push":                    {May: vocabulary},
		"signaling/relay":                   {May: []string{"signaling/pace", "signaling/proto", "signaling/relay/framing"}},
		"signaling/relay/blobs":             {May: vocabulary},
		"signaling/relay/blobs/s3":          {},
		"signaling/relay/framing":           {},
		"signaling/relay/framing/frametest": {},
		"signaling/relay/frank":             {May: vocabulary},
		"signaling/relay/reseal":            {May: vocabulary},
		"signaling/relay/groups":            {May: []string{"signaling/pace", "signaling/proto", "signaling/relay/framing"}},
		"signaling/relay/seal":              {},
		"signaling/reports":                 {May: vocabulary},
		"signaling/store":                   {May: []string{"signaling/proto", "signaling/audit"}}, // the audit log's hash is made in the transaction of the decision
		"signaling/store/storetest":         {May: []string{"signaling/store"}},
		"signaling/whip":                    {May: vocabulary},

		"metrics":         {May: []string{"metrics/..."}},
		"metrics/record":  {May: []string{"metrics/dist", "metrics/label", "metrics/quality", "internal/mask"}},
		"metrics/quality": {},
		"metrics/export":  {},
		"metrics/dist":    {},
		"metrics/label":   {},

		"client":                 {May: []string{"signaling/pace", "signaling/proto", "client/impair", "internal/pionlog"}, Clock: true}, // client/impair: a test's network
		"client/media":           {May: []string{"client", "signaling/proto"}, Clock: true},
		"client/media/clip":      {May: []string{"client", "client/media", "signaling/proto"}, Clock: true}, // recorded media
		"client/impair":          {},                                                                        // the model of a bad network: pure
		"client/impair/lab":      {May: []string{"client/impair"}, Clock: true},                             // the model on real packets, between namespaces
		"client/netcheck":        {May: []string{"internal/mask", "internal/pionlog", "signaling/proto"}, Clock: true},
		"client/rehearse":        {May: []string{"client/impair"}},
		"client/rehearse/script": {May: []string{"client/rehearse", "client/impair", "internal/spelling"}},
		"client/rehearse/report": {May: []string{"client/rehearse", "client/rehearse/script", "client/impair"}, Clock: true},
		"client/rehearse/stage":  {May: []string{"client", "client/media", "client/media/clip", "client/impair", "client/impair/lab", "client/rehearse", "client/rehearse/script", "signaling/proto"}, Clock: true},
		"client/rehearse/load":   {May: []string{"client", "client/media", "client/media/clip", "client/impair", "client/impair/lab", "client/rehearse", "client/rehearse/script", "signaling/proto", "client/rehearse/stage"}, Clock: true},

		"e2e":               {May: anything, Clock: true},
		"e2e/browser":       {Clock: true},
		"e2e/kinwire":       {Clock: true},
		"e2e/postgres":      {Clock: true},
		"e2e/prometheus":    {Clock: true},
		"internal/layers":   {},
		"internal/mask":     {}, // for those who may keep a part of an address
		"internal/pionlog":  {}, // for those who use pion
		"internal/spelling": {}, // for those who read what people wrote

		"scripts/benchsfu": {May: []string{"sfu", "sfu/link", "sfu/codec"}, Clock: true},
	},
	Clocks: map[string]string{
		"metrics/saver.go":             "retries of a save wait in real time, between no two events that bring a time along",
		"sfu/datagram/reader_other.go": "the deadlines of a socket are points on the kernel's clock",
		"sfu/link/queue.go":            "the deadlines of a socket are points on the kernel's clock",
		"sfu/link/tcp.go":              "the deadlines of a socket are points on the kernel's clock",
		"turn/carrier.go":              "the deadlines of a socket are points on the kernel's clock",
		"turn/deadline.go":             "implements net.PacketConn, whose deadlines are points on the real clock",
		"turn/relay.go":                "implements net.PacketConn, whose deadlines are points on the real clock",
		"turn/socket.go":               "ends an allocation a little before pion/turn's own timer does, which runs on the real clock",
	},
}
