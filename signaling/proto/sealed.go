package proto

import (
	"fmt"
	"strconv"
)

// What a sealed text is bound to, so that one that was moved to another place
// in the database does not open there.

// MessagePlace is that of what waits in a conversation.
func MessagePlace(conversationID string, seq int64, kind DeliveryKind) []byte {
	return []byte(conversationID + "|" + strconv.FormatInt(seq, 10) + "|" + string(kind))
}

// GroupInfoPlace is that of a conversation's GroupInfo.
func GroupInfoPlace(conversationID string, generation, epoch int64) []byte {
	return fmt.Appendf(nil, "%s|%d.%d|group_info", conversationID, generation, epoch)
}

// EvidencePlace is that of what a report revealed.
func EvidencePlace(reportID string) []byte { return []byte(reportID) }

// SealedRow is a sealed text with its place in the database.
type SealedRow struct {
	ID     string // of the conversation or report
	Seq    int64  // of a message
	Place  []byte
	Sealed []byte
}
