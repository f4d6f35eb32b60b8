package groups

import (
	"bytes"
	"slices"
	"strings"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing"
)

// parse reads an MLS message that has to be of one of some kinds.
func parse(what string, b []byte, kinds ...framing.Wire) (framing.Frame, error) {
	f, err := framing.Parse(b)
	if err != nil {
		return framing.Frame{}, refuse(proto.CodeBadMessage, "%s: %v", what, err)
	}
	if !slices.Contains(kinds, f.Wire) {
		return framing.Frame{}, refuse(proto.CodeBadMessage, "%s: given a %v; allowed is %v", what, f.Wire, kinds)
	}
	return f, nil
}

func identity(d proto.ChatDeviceRow) string { return d.PersonID + "/" + d.ID }

// isLeafOf holds a leaf to the device that it is said to be of: by its name and
// by the key under which others know it.
func isLeafOf(what string, leaf framing.Leaf, d proto.ChatDeviceRow) error {
	if leaf.Identity != identity(d) {
		return refuse(proto.CodeBadMessage, "%s: given a leaf of %.160q; allowed is %q", what, leaf.Identity, identity(d))
	}
	if !bytes.Equal(leaf.SignatureKey, d.SignatureKey) {
		return refuse(proto.CodeBadMessage, "%s: given another signature key than that of device %s", what, d.ID)
	}
	return nil
}

// frames is what the parts of a commit say on their outside.
type frames struct {
	info framing.Frame
	leaf framing.Leaf // that comes in by an external commit
}

// readCommit reads the parts of a commit and holds them to what it says it
// does. What depends on the conversation's state is looked at with that: see
// attempt.
func (s *Service) readCommit(conversationID string, suite int64, in proto.Commit, starts bool) (f frames, err error) {
	for what, b := range map[string][]byte{"commit": in.Commit, "welcome": in.Welcome, "group_info": in.GroupInfo} {
		if int64(len(b)) > s.cfg().MaxCommit {
			return f, refuse(proto.CodeTooLarge, "%s: given %d bytes; allowed are %d", what, len(b), s.cfg().MaxCommit)
		}
	}
	to := after(in, starts)
	if len(in.Commit) > 0 {
		if f.leaf, err = readChange(conversationID, in); err != nil {
			return f, err
		}
	} else if in.External {
		return f, refuse(proto.CodeBadMessage, "commit: given none; allowed is, with external, the commit by which the device comes in")
	}
	if f.info, err = parse("group_info", in.GroupInfo, framing.GroupInfo); err != nil {
		return f, err
	}
	if id := proto.MLSGroupID(conversationID, to.generation); f.info.GroupID != id || f.info.Epoch != to.epoch || f.info.CipherSuite != suite {
		return f, refuse(proto.CodeBadMessage, "group_info: given epoch %d of MLS group %.80q with suite %d; allowed is epoch %d of %q with suite %d, which this commit leads to",
			f.info.Epoch, f.info.GroupID, f.info.CipherSuite, to.epoch, id, suite)
	}
	if !f.info.Open {
		return f, refuse(proto.CodeBadMessage, "group_info: given one without the extensions ratchet_tree and external_pub; allowed is one with both, so that devices can come in by themselves")
	}
	return f, readWelcome(suite, in)
}

// readChange reads the commit itself.
func readChange(conversationID string, in proto.Commit) (leaf framing.Leaf, err error) {
	kinds := []framing.Wire{framing.PublicMessage, framing.PrivateMessage}
	if in.External {
		kinds = kinds[:1]
	}
	f, err := parse("commit", in.Commit, kinds...)
	if err != nil {
		return leaf, err
	}
	if f.Content != framing.Commit {
		return leaf, refuse(proto.CodeBadMessage, "commit: given %v; allowed is %v", f.Content, framing.Commit)
	}
	if f.NewMember != in.External {
		return leaf, refuse(proto.CodeBadMessage, "commit: given one with external %v and sent by a new member %v; allowed is the same of both", in.External, f.NewMember)
	}
	if id := proto.MLSGroupID(conversationID, in.Generation); f.GroupID != id || f.Epoch != in.Epoch {
		return leaf, refuse(proto.CodeBadMessage, "commit: given epoch %d of MLS group %.80q; allowed is epoch %d of %q, as it was named", f.Epoch, f.GroupID, in.Epoch, id)
	}
	return f.Leaf, nil
}

func readWelcome(suite int64, in proto.Commit) error {
	if len(in.Adds) == 0 {
		if len(in.Welcome) > 0 {
			return refuse(proto.CodeBadMessage, "welcome: given one without adds; allowed is one with them only")
		}
		return nil
	}
	if len(in.Welcome) == 0 {
		return refuse(proto.CodeBadMessage, "welcome: given none with %d adds; allowed is one for all of them", len(in.Adds))
	}
	f, err := parse("welcome", in.Welcome, framing.Welcome)
	if err != nil {
		return err
	}
	if f.CipherSuite != suite || f.Joiners != len(in.Adds) {
		return refuse(proto.CodeBadMessage, "welcome: given one for %d devices with suite %d; allowed is one for the %d of adds with suite %d",
			f.Joiners, f.CipherSuite, len(in.Adds), suite)
	}
	return nil
}

// sameTree holds the leaves of a GroupInfo's tree to those that the roster would
// have. Of a device that is gone only the id is known.
func sameTree(tree []framing.Leaf, leaves []proto.LeafRow, devices map[string]proto.ChatDeviceRow) error {
	wanted := make(map[string]proto.LeafRow, len(leaves))
	for _, l := range leaves {
		wanted[l.DeviceID] = l
	}
	for _, leaf := range tree {
		_, id, _ := strings.Cut(leaf.Identity, "/")
		l, ok := wanted[id]
		if !ok {
			return refuse(proto.CodeBadMessage, "group_info: given a tree with %.160q; allowed are the devices that are in, without removes and with adds, and each once", leaf.Identity)
		}
		delete(wanted, id)
		d, known := devices[l.DeviceID]
		if !known {
			continue
		}
		if err := isLeafOf("group_info", leaf, d); err != nil {
			return err
		}
	}
	for id := range wanted {
		return refuse(proto.CodeBadMessage, "group_info: given a tree without device %s, which is in after this commit", id)
	}
	return nil
}
