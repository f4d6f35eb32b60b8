package framing

// Section numbers are those of RFC 9420.

// readPrivate: section 6.3.
func readPrivate(r *reader, f *Frame) {
	f.GroupID = string(r.vector("the group id"))
	f.Epoch = r.epoch()
	f.Content = readContentType(r)
	r.vector("the authenticated data")
	r.vector("the encrypted sender")
	r.vector("the ciphertext")
}

func readContentType(r *reader) Content {
	c := Content(r.u8("the content type"))
	if _, ok := contentNames[c]; r.err == nil && !ok {
		r.fail("%v is not known: it must be 1 to 3", c)
	}
	return c
}

// Kinds of senders: section 6.
const (
	senderMember            = 1
	senderExternal          = 2
	senderNewMemberProposal = 3
	senderNewMemberCommit   = 4
)

// readPublic: sections 6.1 and 6.2. Proposals are not looked into: what a
// commit of a member changes, most of them say in private messages anyway.
func readPublic(r *reader, f *Frame) {
	f.GroupID = string(r.vector("the group id"))
	f.Epoch = r.epoch()
	sender := r.u8("the sender")
	switch sender {
	case senderMember, senderExternal:
		r.skip(4, "the sender’s index")
	case senderNewMemberProposal, senderNewMemberCommit:
	default:
		r.fail("sender type %d is not known: it must be 1 to 4", sender)
	}
	r.vector("the authenticated data")
	f.Content = readContentType(r)
	f.NewMember = sender == senderNewMemberCommit
	if f.NewMember && f.Content != Commit {
		r.fail("%v of a new member’s commit", f.Content)
	}
	switch f.Content {
	case Application:
		r.fail("application data has to be in a PrivateMessage")
	case Proposal:
		// What follows it could only be found by knowing every kind of
		// proposal; nobody sends proposals through the relay.
		r.skip(len(r.rest), "the proposal")
		return
	case Commit:
		readCommit(r, f)
	}
	r.vector("the signature")
	r.vector("the confirmation tag")
	if sender == senderMember {
		r.vector("the membership tag")
	}
}

// readCommit: section 12.4. Its leaf is told only where it comes in by it.
func readCommit(r *reader, f *Frame) {
	r.vector("the proposals")
	if !r.optional("a path") {
		if f.NewMember {
			r.fail("a new member’s commit has no path")
		}
		return
	}
	leaf := readLeaf(r, sourceCommit)
	if f.NewMember {
		f.Leaf = leaf
	}
	r.vector("the path’s nodes")
}

// readWelcome: section 12.4.3.1.
func readWelcome(r *reader, f *Frame) {
	f.CipherSuite = int64(r.u16("the cipher suite"))
	r.each("the secrets", func(r *reader) {
		r.vector("a key package’s name")
		r.vector("a KEM output")
		r.vector("a ciphertext")
		f.Joiners++
	})
	r.vector("the encrypted group info")
}

// readKeyPackage: section 10.
func readKeyPackage(r *reader, f *Frame) {
	if version := r.u16("the key package’s version"); version != mls10 {
		r.fail("the key package’s version is %d: it must be 1", version)
	}
	f.CipherSuite = int64(r.u16("the cipher suite"))
	r.vector("the init key")
	f.Leaf = readLeaf(r, sourceKeyPackage)
	r.vector("the extensions")
	r.vector("the signature")
}

// Extensions: section 17.3.
const (
	extensionRatchetTree = 2
	extensionExternalPub = 4
)

// readGroupInfo: sections 8.1 and 12.4.3.
func readGroupInfo(r *reader, f *Frame) {
	if version := r.u16("the group’s version"); version != mls10 {
		r.fail("the group’s version is %d: it must be 1", version)
	}
	f.CipherSuite = int64(r.u16("the cipher suite"))
	f.GroupID = string(r.vector("the group id"))
	f.Epoch = r.epoch()
	r.vector("the tree hash")
	r.vector("the transcript hash")
	r.vector("the group’s extensions")
	seen := map[uint16]bool{}
	r.each("the extensions", func(r *reader) {
		kind := r.u16("an extension’s type")
		data := &reader{rest: r.vector("an extension")}
		if seen[kind] {
			r.fail("extension %d is there twice", kind)
		}
		seen[kind] = true
		if kind == extensionRatchetTree {
			f.Leaves = readTree(data)
		}
		if data.err != nil {
			r.fail("%w", data.err)
		}
	})
	f.Open = seen[extensionRatchetTree] && seen[extensionExternalPub]
	r.vector("the confirmation tag")
	r.skip(4, "the signer")
	r.vector("the signature")
}
