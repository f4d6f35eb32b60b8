package script

// Action is something that a step does, with what it needs to know.
type Action struct {
	Name string
	Says string
	Args []Arg
	// Lab: it changes the network itself, for which the machine must let kincall
	// make networks of its own.
	Lab bool
}

// Arg is one further key of a step.
type Arg struct {
	Name    string
	Says    string
	Kind    Kind
	Needed  bool
	Allowed []string // of a Word
	Default string   // "": none
	Min     int      // of a Number
	Max     int
}

// Kind is what an argument's value must be.
type Kind string

// The kinds.
const (
	Names    Kind = "names"    // a participant or a list of them; in Step.With
	Duration Kind = "duration" // such as 5s; in Step.Args
	Number   Kind = "number"   // a whole number; in Step.Args
	YesNo    Kind = "yes/no"   // in Step.Args as true or false
	Word     Kind = "word"     // one of Allowed; in Step.Args
	Text     Kind = "text"     // in Step.Args
	Net      Kind = "network"  // a name or figures, as a participant's; in Step.Network
)

var with = Arg{Name: "with", Kind: Names, Needed: true, Says: "participants; the persons behind them are meant, on whatever devices they have"}

var kind = Arg{Name: "kind", Kind: Word, Needed: true, Allowed: []string{"audio", "video", "screen"}, Says: "which of the own sources"}

// actions is in the order of the reference: the call, media, the network,
// messages.
var actions = []Action{
	{Name: "call", Says: "call somebody, or several people at once", Args: []Arg{with,
		{Name: "video", Kind: YesNo, Default: "yes", Says: "as a video call; no: by voice alone"}}},
	{Name: "answer", Says: "take the call that rings at this device and join it"},
	{Name: "decline", Says: "say no to the call that rings at this device"},
	{Name: "hangup", Says: "cancel a call that rings, end a call of two, leave a larger one for good"},
	{Name: "add", Says: "ring more people in the call that one is in", Args: []Arg{with}},
	{Name: "leave", Says: "give up the media of the call; the call goes on, and join brings them back"},
	{Name: "join", Says: "join the call again after leave"},

	{Name: "mute", Says: "switch one of the own sources off", Args: []Arg{kind}},
	{Name: "unmute", Says: "switch it on again", Args: []Arg{kind}},
	{Name: "share", Says: "share the screen"},
	{Name: "unshare", Says: "stop sharing the screen"},
	{Name: "restart_ice", Says: "restart ICE (RFC 8445 section 2.4) as a client does that knows of a new network"},

	{Name: "network", Lab: true, Says: "from now on be on another network, with the same address", Args: []Arg{
		{Name: "to", Kind: Net, Needed: true, Says: "a network of kincall profiles, or figures"}}},
	{Name: "move", Lab: true, Says: "get another address at once, as between Wi-Fi and mobile data; the old one is gone"},
	{Name: "outage", Lab: true, Says: "nothing comes through, in neither direction", Args: []Arg{
		{Name: "for", Kind: Duration, Needed: true, Says: "how long, up to 10m"}}},
	{Name: "vanish", Says: "be gone without a word, as a process that is killed: WebSocket and media are closed"},
	{Name: "back", Says: "be there again after vanish, and join the call again if it goes on"},
	{Name: "drop_socket", Says: "lose the WebSocket alone; it comes back by itself"},

	{Name: "message", Says: "send messages to somebody; each must come once and whole", Args: []Arg{with,
		{Name: "text", Kind: Text, Default: "hello", Says: "what is in them"},
		{Name: "count", Kind: Number, Default: "1", Min: 1, Max: 1000, Says: "how many, one after the other"}}},
}

// Actions lists what a step may do. The caller may keep it.
func Actions() []Action { return append([]Action(nil), actions...) }

func actionNamed(name string) (Action, bool) {
	for _, a := range actions {
		if a.Name == name {
			return a, true
		}
	}
	return Action{}, false
}

func actionNames() []string {
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = a.Name
	}
	return names
}

// Sources are what a participant's audio and video may be.
func Sources() []Choice {
	return []Choice{
		{"clip", "recorded sound or a recorded picture, as a real device would send it; this is the default"},
		{"generator", "packets that are made as they are sent, at any bit rate; cheaper, with no picture to see"},
		{"none", "nothing"},
	}
}

// Choice is one of several values, and what it means.
type Choice struct{ Name, Says string }
