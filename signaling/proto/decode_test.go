package proto_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestParseRequestTakesWhatIsAllowed(t *testing.T) {
	r, err := proto.ParseRequest([]byte(` {"id": 7, "type": "call.accept", "data": {"call_id": "c1"}} `))
	require.Nil(t, err)
	require.Equal(t, uint64(7), r.ID)
	require.Equal(t, "call.accept", r.Type)
	d, err := proto.Decode[proto.CallRef](r.Data)
	require.Nil(t, err)
	require.Equal(t, "c1", d.CallID)
}

func TestParseRequestRefuses(t *testing.T) {
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for name, c := range map[string]struct{ text, says string }{
		"nothing":        {``, "breaks off"},
		"no JSON":        {`hello`, "not JSON"},
		"cut off":        {`{"id": 7, "type": "pi`, "breaks off"},
		"array":          {`[]`, "an object"},
		"null":           {`null`, "an object"},
		"number":         {`7`, "an object"},
		"unknown field":  {`{"type":"ping","extra":1}`, `"extra"; allowed are id, type, data`},
		"other case":     {`{"Type":"ping"}`, `"Type"`},
		"twice":          {`{"type":"ping","type":"ack"}`, `"type" twice`},
		"twice inside":   {`{"type":"ack","data":{"seq":1,"seq":2}}`, `"seq" twice`},
		"after it":       {`{"type":"ping"} {}`, "after the value"},
		"id text":        {`{"id":"7","type":"ping"}`, "message.id: given a string; allowed is a whole number"},
		"id negative":    {`{"id":-7,"type":"ping"}`, "message.id"},
		"id fraction":    {`{"id":1.5,"type":"ping"}`, "message.id"},
		"id too great":   {`{"id":9007199254740992,"type":"ping"}`, "2^53-1"},
		"no type":        {`{"id":7}`, "message.type: given nothing"},
		"type number":    {`{"type":7}`, "message.type: given a number; allowed is a string"},
		"deep":           {`{"type":"ping","data":` + deep + `}`, "deeper than"},
		"not UTF-8":      {"{\"type\":\"p\xff\"}", "UTF-8"},
		"unclosed":       {`{"type":"ping"`, "breaks off"},
		"trailing comma": {`{"type":"ping",}`, "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := proto.ParseRequest([]byte(c.text))
			require.NotNil(t, err)
			require.Equal(t, proto.CodeBadMessage, err.Code)
			require.Contains(t, err.Message, c.says)
		})
	}
}

func TestDecodeSaysFieldGivenAndAllowed(t *testing.T) {
	long := strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		decode func(json.RawMessage) *proto.Error
		text   string
		says   string
	}{
		"missing":        {refusal[proto.CallRef], `{}`, "data.call_id: given nothing (or zero); it is required"},
		"too long":       {refusal[proto.CallRef], `{"call_id":"` + long + `"}`, "data.call_id: given 300 characters; allowed are at most 64"},
		"unknown":        {refusal[proto.CallRef], `{"call_id":"a","x":1}`, `data: given the unknown field "x"; allowed are call_id`},
		"wrong kind":     {refusal[proto.CallRef], `{"call_id":5}`, "data.call_id: given a number; allowed is a string"},
		"not an object":  {refusal[proto.CallRef], `"c1"`, "data: given something else than an object"},
		"one of":         {refusal[proto.MediaMute], `{"call_id":"a","kind":"smell","muted":true}`, `data.kind: given "smell"; allowed are audio, video, screen`},
		"none":           {refusal[proto.CallInvite], `{"to":[],"video":true}`, "data.to: given 0 entries; allowed are at least 1"},
		"same twice":     {refusal[proto.CallInvite], `{"to":["a","a"]}`, "data.to: given the same value twice"},
		"empty entry":    {refusal[proto.CallInvite], `{"to":["a",""]}`, "data.to[1]: given nothing"},
		"too many":       {refusal[proto.CallInvite], `{"to":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16"]}`, "data.to: given 16 entries; allowed are at most 15"},
		"deep inside":    {refusal[proto.CallJoin], `{"call_id":"a","sdp":"v=0","sources":[{"kind":"audio","muted":false,"gain":1}]}`, `data.sources[0]: given the unknown field "gain"`},
		"source's kind":  {refusal[proto.CallJoin], `{"call_id":"a","sdp":"v=0","sources":[{"muted":false}]}`, `data.sources[0].kind: given ""; allowed are audio, video, screen`},
		"number's range": {refusal[proto.StatsReport], `{"call_id":"a","path":{"rtt_ms":-1},"streams":[]}`, "data.path.rtt_ms: given -1; allowed is at least 0"},
		"nothing":        {refusal[proto.Ack], ``, "data.seq"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.decode(json.RawMessage(c.text))
			require.NotNil(t, err)
			require.Equal(t, proto.CodeBadMessage, err.Code)
			require.Contains(t, err.Message, c.says)
		})
	}
}

func refusal[T any](data json.RawMessage) *proto.Error {
	_, err := proto.Decode[T](data)
	return err
}

func TestRefusalsDoNotRepeatTheToken(t *testing.T) {
	token := strings.Repeat("secret", 100)
	err := refusal[proto.Hello](json.RawMessage(`{"version":1,"token":"` + token + `","device":{}}`))
	require.NotNil(t, err)
	require.NotContains(t, err.Message, "secret")
}

func TestRefusalsAreShort(t *testing.T) {
	key := strings.Repeat("k", 50000)
	_, err := proto.ParseRequest([]byte(`{"` + key + `":1}`))
	require.NotNil(t, err)
	require.Less(t, len(err.Message), 400)
	_, err = proto.ParseRequest([]byte(`{"type":"ack","data":{"` + key + `":{"a":1,"a":2}}}`))
	require.NotNil(t, err)
	require.Less(t, len(err.Message), 400)
}

func TestNoDataCountsAsEmpty(t *testing.T) {
	_, err := proto.Decode[proto.Empty](nil)
	require.Nil(t, err)
	_, err = proto.Decode[proto.Empty](json.RawMessage(`{"a":1}`))
	require.NotNil(t, err)
}

func TestEncodeWritesArraysNotNull(t *testing.T) {
	shared := []proto.Slot{{MID: "3"}}
	text, err := proto.Encode(proto.CallJoined{Call: proto.CallView{Participants: []proto.Participant{{ID: "p"}}}, Slots: proto.MediaSlots{Slots: shared}})
	require.NoError(t, err)
	require.NotContains(t, string(text), "null")
	require.Contains(t, string(text), `"ice_servers":[]`)
	require.NotContains(t, string(text), `"sources"`) // omitempty
	require.Equal(t, []proto.Slot{{MID: "3"}}, shared)
	require.NoError(t, holds(t, definition(t, "Welcome"), string(mustEncode(t, proto.Welcome{Me: proto.Person{Role: proto.RoleChild}}))))
}

func mustEncode(t *testing.T, v any) json.RawMessage {
	text, err := proto.Encode(v)
	require.NoError(t, err)
	return text
}

func TestEncodeLeavesItsArgumentAlone(t *testing.T) {
	in := proto.CallView{Participants: []proto.Participant{{ID: "p"}}}
	inner := proto.People{}
	_ = mustEncode(t, &inner)
	require.Nil(t, inner.People)
	_ = mustEncode(t, in)
	require.Nil(t, in.Participants[0].Sources)
}

// decoders decodes the data of each request type.
var decoders = map[string]func(json.RawMessage) *proto.Error{
	proto.TypeHello: refusal[proto.Hello], proto.TypeAck: refusal[proto.Ack], proto.TypePeople: refusal[proto.Empty],
	proto.TypeCallInvite: refusal[proto.CallInvite], proto.TypeCallAccept: refusal[proto.CallRef],
	proto.TypeCallJoin: refusal[proto.CallJoin], proto.TypeMediaOffer: refusal[proto.MediaOffer],
	proto.TypeMediaMute: refusal[proto.MediaMute], proto.TypeStatsReport: refusal[proto.StatsReport],
	proto.TypeChatAttach: refusal[proto.ChatAttach], proto.TypeChatSend: refusal[proto.ChatSend],
	proto.TypeChatAck: refusal[proto.ChatAck], proto.TypeChatSignal: refusal[proto.ChatSignal],
}

// FuzzParse feeds the parser what a stranger may send: it must not fall over,
// its refusals must be typed and short, and whatever the schema allows it
// must take.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"type":"ping"}`, `{"id":1,"type":"hello","data":{"version":1,"token":"t","device":{}}}`,
		`{"type":"ack","data":{"seq":3}}`, `{"id":2,"type":"call.invite","data":{"to":["a","b"],"video":true}}`,
		`{"id":3,"type":"call.join","data":{"call_id":"c","sdp":"v=0","sources":[{"kind":"audio","mid":"0","muted":false}]}}`,
		`{"id":4,"type":"media.mute","data":{"call_id":"c","kind":"video","muted":true}}`,
		`{"type":"stats.report","data":{"call_id":"c","path":{"protocol":"udp"},"streams":[]}}`,
		`{"id":5,"type":"chat.send","data":{"conversation_id":"g","n":1,"settled":0,"body":"AAE=","commitment":"n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=","attachments":["a"]}}`,
		`{"type":"chat.signal","data":{"conversation_id":"g","body":"AAEC"}}`, `{"id":6,"type":"chat.ack","data":{"pos":1}}`,
		`{"type":"ack","data":{"seq":3,"seq":4}}`, `{"data":[[[[[[[[[[[[[[[[`, `{"id":1e400}`, "{\"type\":\"\xff\"}", `null`, ``,
	} {
		f.Add([]byte(s))
	}
	schema := definition(f, "client_message")
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := proto.ParseRequest(text)
		if err == nil && decoders[r.Type] != nil {
			err = decoders[r.Type](r.Data)
		}
		if err == nil {
			return
		}
		if err.Code != proto.CodeBadMessage || len(err.Message) > 1000 || len(err.Message) == 0 {
			t.Fatalf("given %q: %v", text, err)
		}
		dec := json.NewDecoder(strings.NewReader(string(text)))
		dec.UseNumber()
		var v any
		if dec.Decode(&v) != nil || dec.More() || strings.Contains(err.Message, "twice") || strings.Contains(err.Message, "UTF-8") {
			return
		}
		if strings.Contains(err.Message, "base64") || strings.Contains(err.Message, " bytes; allowed") {
			return // the schema counts base64's characters, and does not look at them
		}
		if schema.Validate(v) == nil && wholeNumbersAsDigits(v) {
			t.Fatalf("the schema allows %q, the parser does not: %v", text, err)
		}
	})
}

// wholeNumbersAsDigits reports whether no number is written like 1.0 or 1e3,
// which JSON Schema counts as whole and encoding/json does not.
func wholeNumbersAsDigits(v any) bool {
	return !containsFloat(v)
}

func containsFloat(v any) bool {
	switch v := v.(type) {
	case json.Number:
		return strings.ContainsAny(v.String(), ".eE")
	case map[string]any:
		for _, x := range v {
			if containsFloat(x) {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if containsFloat(x) {
				return true
			}
		}
	}
	return false
}
