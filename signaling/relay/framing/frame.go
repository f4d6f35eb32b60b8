package framing

import "fmt"

// Wire is a wire format, by its number in RFC 9420, section 17.2.
type Wire uint16

// The wire formats.
const (
	PublicMessage  Wire = 1
	PrivateMessage Wire = 2
	Welcome        Wire = 3
	GroupInfo      Wire = 4
	KeyPackage     Wire = 5
)

var wireNames = map[Wire]string{
	PublicMessage: "PublicMessage", PrivateMessage: "PrivateMessage",
	Welcome: "Welcome", GroupInfo: "GroupInfo", KeyPackage: "KeyPackage",
}

func (w Wire) String() string {
	if name, ok := wireNames[w]; ok {
		return name
	}
	return fmt.Sprintf("wire format %d", uint16(w))
}

// Content is a content type, by its number in RFC 9420, section 6.
type Content uint8

// The content types; 0 where a message has none.
const (
	Application Content = 1
	Proposal    Content = 2
	Commit      Content = 3
)

var contentNames = map[Content]string{Application: "application data", Proposal: "a proposal", Commit: "a commit"}

func (c Content) String() string {
	if name, ok := contentNames[c]; ok {
		return name
	}
	return fmt.Sprintf("content type %d", uint8(c))
}

// Leaf is a device in a ratchet tree.
type Leaf struct {
	Identity     string // of its basic credential
	SignatureKey []byte // points into what was parsed
}

// Frame is the outside of an MLSMessage. What a wire format does not have is
// zero.
type Frame struct {
	Wire        Wire
	GroupID     string
	Epoch       int64
	Content     Content
	CipherSuite int64
	// NewMember: a commit of somebody who comes in by it (an external commit).
	NewMember bool
	// Leaf is that of a KeyPackage, or the one that comes in by an external
	// commit.
	Leaf Leaf
	// Joiners is for how many devices a Welcome is.
	Joiners int
	// Leaves are those of a GroupInfo's tree, in its order.
	Leaves []Leaf
	// Open: by this GroupInfo a device can come in by itself. It has the tree
	// and the key for that (the extensions ratchet_tree and external_pub).
	Open bool
}

// mls10 is the only version of MLS.
const mls10 = 1

// Parse reads an MLSMessage (RFC 9420, section 6). The error says what is
// wrong with it, in words for whoever has made it.
func Parse(b []byte) (Frame, error) {
	r := &reader{rest: b}
	if version := r.u16("the version"); r.err == nil && version != mls10 {
		return Frame{}, fmt.Errorf("the version is %d: it must be 1, MLS 1.0", version)
	}
	f := Frame{Wire: Wire(r.u16("the wire format"))}
	if r.err != nil {
		return Frame{}, r.err
	}
	read, ok := readers[f.Wire]
	if !ok {
		return Frame{}, fmt.Errorf("%v is not known: it must be 1 to 5", f.Wire)
	}
	read(r, &f)
	if r.err == nil && len(r.rest) > 0 {
		r.fail("%d bytes are left over behind it", len(r.rest))
	}
	if r.err != nil {
		return Frame{}, fmt.Errorf("%v: %w", f.Wire, r.err)
	}
	return f, nil
}

var readers = map[Wire]func(*reader, *Frame){
	PublicMessage:  readPublic,
	PrivateMessage: readPrivate,
	Welcome:        readWelcome,
	GroupInfo:      readGroupInfo,
	KeyPackage:     readKeyPackage,
}
