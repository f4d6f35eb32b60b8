package main

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"kinwire/signaling/proto"
)

const typesHead = `// Generated from signaling/proto by "go generate ./signaling/proto". Do not edit.

/** The version of the protocol that these types describe; it goes into Hello. */
export const PROTOCOL_VERSION = %d;
`

const typesTail = `
/** The name of a request that gets a reply. */
export type RequestType = keyof RequestMap;

/** The name of a request that gets no reply. */
export type NoticeType = keyof NoticeMap;

/** The name of an event. */
export type EventType = keyof EventMap;

/** What a client sends. id is present where a reply is wanted. */
export type ClientMessage =
  | { [T in RequestType]: { id: number; type: T; data: RequestMap[T]["data"] } }[RequestType]
  | { [T in NoticeType]: NoticeMap[T] extends undefined ? { type: T } : { type: T; data: NoticeMap[T] } }[NoticeType];

/** A reply of the server to the request re: data, or an error. */
export type ReplyMessage<T extends RequestType = RequestType> =
  | { seq: number; re: number; data: RequestMap[T]["reply"]; error?: undefined }
  | { seq?: number; re: number; data?: undefined; error: Error };

/** An event of the server. A pong has no seq. */
export type EventMessage = {
  [T in EventType]: EventMap[T] extends undefined ? { type: T } : { seq: number; type: T; data: EventMap[T] };
}[EventType];

/** What the server sends. */
export type ServerMessage = ReplyMessage | EventMessage | { error: Error };
`

// renderTypes writes the TypeScript types.
func renderTypes(src *source) ([]byte, error) {
	w := &tsWriter{src: src}
	fmt.Fprintf(&w.buf, typesHead, proto.Version)
	for _, t := range reachable(true) {
		var err error
		if isEnum(t) {
			err = w.enum(t)
		} else {
			err = w.object(t)
		}
		if err != nil {
			return nil, err
		}
	}
	w.maps()
	w.pages()
	w.buf.WriteString(strings.ReplaceAll(typesTail, "error: Error", "error: "+tsName(reflect.TypeFor[proto.Error]())))
	return w.buf.Bytes(), nil
}

type tsWriter struct {
	src *source
	buf bytes.Buffer
}

func (w *tsWriter) enum(t reflect.Type) error {
	members := w.src.enums[t.Name()]
	if len(members) == 0 {
		return fmt.Errorf("string type %s has no constants: it cannot become a union", t.Name())
	}
	w.buf.WriteByte('\n')
	w.doc("", w.src.types[t.Name()])
	fmt.Fprintf(&w.buf, "export type %s =", tsName(t))
	for _, m := range members {
		w.buf.WriteByte('\n')
		if m.doc != "" {
			w.doc("  ", m.doc)
		}
		fmt.Fprintf(&w.buf, "  | %q", m.value)
	}
	w.buf.WriteString(";\n")
	return nil
}

func (w *tsWriter) object(t reflect.Type) error {
	w.buf.WriteByte('\n')
	w.doc("", w.src.types[t.Name()])
	if t.NumField() == 0 {
		fmt.Fprintf(&w.buf, "export type %s = Record<string, never>;\n", tsName(t))
		return nil
	}
	fmt.Fprintf(&w.buf, "export interface %s {\n", tsName(t))
	for _, f := range fieldsOf(t) {
		typ, err := tsField(f)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err)
		}
		w.doc("  ", cmp.Or(w.src.fields[t.Name()][f.Name], f.Tag.Get("doc")))
		mark := ""
		if f.optional {
			mark = "?"
		}
		fmt.Fprintf(&w.buf, "  %s%s: %s;\n", f.name, mark, typ)
	}
	w.buf.WriteString("}\n")
	return nil
}

// maps writes the three tables from message type to shapes.
func (w *tsWriter) maps() {
	w.buf.WriteString("\n/** Requests that get a reply: the data to send and the data of the reply. */\nexport interface RequestMap {\n")
	for _, r := range proto.Requests() {
		if r.Reply != nil {
			w.doc("  ", w.src.consts[r.Type])
			fmt.Fprintf(&w.buf, "  %q: { data: %s; reply: %s };\n", r.Type, tsName(r.Data), tsName(r.Reply))
		}
	}
	w.buf.WriteString("}\n\n/** Requests that get no reply: the data to send. */\nexport interface NoticeMap {\n")
	for _, r := range proto.Requests() {
		if r.Reply == nil {
			w.doc("  ", w.src.consts[r.Type])
			fmt.Fprintf(&w.buf, "  %q: %s;\n", r.Type, tsName(r.Data))
		}
	}
	w.buf.WriteString("}\n\n/** Events: their data. */\nexport interface EventMap {\n")
	for _, e := range proto.Events() {
		w.doc("  ", w.src.consts[e.Type])
		fmt.Fprintf(&w.buf, "  %q: %s;\n", e.Type, tsName(e.Data))
	}
	w.buf.WriteString("}\n")
	w.buf.WriteString("\n")
	w.doc("", w.src.types["CloseCode"])
	w.buf.WriteString("export const CLOSE = {\n")
	for _, c := range w.src.closes {
		w.doc("  ", c.doc)
		fmt.Fprintf(&w.buf, "  %s,\n", c.value)
	}
	w.buf.WriteString("} as const;\n")
	w.buf.WriteString("\n/** Every event type, for a table of listeners. */\nexport const EVENT_TYPES = [")
	for _, e := range proto.Events() {
		fmt.Fprintf(&w.buf, "%q, ", e.Type)
	}
	w.buf.Truncate(w.buf.Len() - 2)
	w.buf.WriteString("] as const satisfies readonly (keyof EventMap)[];\n")
}

// pages writes the table of the HTTP API.
func (w *tsWriter) pages() {
	w.buf.WriteString("\n/** The HTTP API: the body to send and the body of the answer, by method and path. */\nexport interface PageMap {\n")
	for _, e := range proto.Endpoints() {
		w.doc("  ", e.Says+". For: "+string(e.Access)+".")
		fmt.Fprintf(&w.buf, "  %q: { in: %s; out: %s };\n", e.Key(), tsName(e.In), tsName(e.Out))
	}
	w.buf.WriteString("}\n")
}

// doc writes text as a documentation comment, wrapped at about 100 columns.
func (w *tsWriter) doc(indent, text string) {
	if text == "" {
		return
	}
	var lines []string
	for i, p := range strings.Split(strings.ReplaceAll(text, "*/", "*∕"), "\n\n") {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, wrap(p, 96-len(indent))...)
	}
	if len(lines) == 1 {
		fmt.Fprintf(&w.buf, "%s/** %s */\n", indent, lines[0])
		return
	}
	fmt.Fprintf(&w.buf, "%s/**\n", indent)
	for _, l := range lines {
		fmt.Fprintf(&w.buf, "%s\n", strings.TrimRight(indent+" * "+l, " "))
	}
	fmt.Fprintf(&w.buf, "%s */\n", indent)
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// tsName is the name of a proto type in TypeScript. Error would hide the
// language's own.
func tsName(t reflect.Type) string {
	if t == nil {
		return "undefined"
	}
	if t == reflect.TypeFor[proto.Octets]() {
		return "Uint8Array"
	}
	if t == reflect.TypeFor[proto.Error]() {
		return "ProtoError"
	}
	return t.Name()
}

// tsBasic maps Go's kinds onto TypeScript's types. 64-bit counters travel as
// JSON numbers: they stay below 2^53.
var tsBasic = map[reflect.Kind]string{
	reflect.String: "string", reflect.Bool: "boolean",
	reflect.Int: "number", reflect.Int64: "number", reflect.Uint64: "number", reflect.Float64: "number",
}

// tsField is the type of a field: a union where its validate tag lists the
// values of a plain string.
func tsField(f field) (string, error) {
	_, list, ok := strings.Cut(f.Tag.Get("validate"), "oneof=")
	if !ok || f.Type != reflect.TypeFor[string]() {
		return tsType(f.Type)
	}
	list, _, _ = strings.Cut(list, ",")
	return `"` + strings.Join(strings.Fields(list), `" | "`) + `"`, nil
}

func tsType(t reflect.Type) (string, error) {
	if isBytes(t) {
		return "string", nil // base64 (RFC 4648, section 4)
	}
	if t.Kind() == reflect.Slice {
		elem, err := tsType(t.Elem())
		return elem + "[]", err
	}
	if t.Kind() == reflect.Pointer {
		return tsType(t.Elem())
	}
	if t.Kind() == reflect.Struct || isEnum(t) {
		return tsName(t), nil
	}
	if t.Kind() == reflect.Interface {
		return "unknown", nil
	}
	if name, ok := tsBasic[t.Kind()]; ok {
		return name, nil
	}
	return "", fmt.Errorf("no TypeScript type for %s; allowed are structs, slices, strings, bools, int, int64, uint64, float64", t)
}
