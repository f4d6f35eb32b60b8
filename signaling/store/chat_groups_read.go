package store

import (
	"context"
	"fmt"

	"kinwire/signaling/proto"
)

// The columns of conversations as c; members and leaves are read besides.
const (
	conversationColumns = `c.id, c.kind, c.suite, c.generation, c.epoch, c.seq, c.committer, c.committed_id, c.committed_seq,
		c.created_by, c.created_at, c.last_at, c.shut, c.drops`
	memberColumns = `m.conversation_id, p.id, p.name, p.avatar, p.role, p.family, m.state = 'in', m.since, m.delivered_seq
		FROM chat_members AS m JOIN people AS p ON p.id = m.person_id`
	memberOrder = `ORDER BY m.since, m.person_id`
	leafColumns = `l.conversation_id, l.device_id, COALESCE(d.person_id, ''), l.state = 'in'
		FROM chat_leaves AS l LEFT JOIN chat_devices AS d ON d.id = l.device_id`
	leafOrder = `ORDER BY l.device_id`
)

func conversationFields(c *proto.ConversationRow) []any {
	return []any{&c.ID, &c.Kind, &c.Suite, &c.Generation, &c.Epoch, &c.Seq, &c.Committer, &c.CommittedID, &c.CommittedSeq,
		&c.CreatedBy, &c.CreatedAt, &c.LastAt, &c.Shut, &c.Drops}
}

func scanConversation(row scanner) (c proto.ConversationRow, err error) {
	err = row.Scan(conversationFields(&c)...)
	return c, err
}

// inConversation is a member or a leaf with the conversation that it is of.
type inConversation[T any] struct {
	id  string
	one T
}

func scanMember(row scanner) (m inConversation[proto.MemberRow], err error) {
	p := &m.one.Person
	err = row.Scan(&m.id, &p.ID, &p.Name, &p.Avatar, &p.Role, &p.Family, &m.one.In, &m.one.Since, &m.one.Delivered)
	return m, err
}

func scanLeafRow(row scanner) (l inConversation[proto.LeafRow], err error) {
	err = row.Scan(&l.id, &l.one.DeviceID, &l.one.PersonID, &l.one.In)
	// A device that is gone gets nothing, whoever has noted it or not.
	l.one.In = l.one.In && l.one.PersonID != ""
	return l, err
}

// Conversation returns a conversation, without its GroupInfo; false if there is
// none of that id.
func (s *Store) Conversation(ctx context.Context, id string) (c proto.ConversationRow, found bool, err error) {
	found, err = present(s.hotRow(ctx, `SELECT `+conversationColumns+` FROM chat_conversations AS c WHERE c.id = $1`, []any{id}, conversationFields(&c)...))
	if err != nil || !found {
		return proto.ConversationRow{}, false, wrapped("read a conversation", err)
	}
	if err := fillConversation(ctx, s.read, &c); err != nil {
		return proto.ConversationRow{}, false, err
	}
	return c, true, nil
}

// fillConversation reads members and leaves.
func fillConversation(ctx context.Context, q querier, c *proto.ConversationRow) error {
	rows, err := q.QueryContext(ctx, `SELECT `+memberColumns+` WHERE m.conversation_id = $1 `+memberOrder, c.ID)
	members, err := collect(rows, err, scanMember)
	if err != nil {
		return fmt.Errorf("read the members of a conversation: %w", err)
	}
	rows, err = q.QueryContext(ctx, `SELECT `+leafColumns+` WHERE l.conversation_id = $1 `+leafOrder, c.ID)
	leaves, err := collect(rows, err, scanLeafRow)
	if err != nil {
		return fmt.Errorf("read the devices of a conversation: %w", err)
	}
	for _, m := range members {
		c.Members = append(c.Members, m.one)
	}
	for _, l := range leaves {
		c.Leaves = append(c.Leaves, l.one)
	}
	return nil
}

// ConversationsOf lists the conversations that a person is in, the one with the
// newest message first, without GroupInfo.
func (s *Store) ConversationsOf(ctx context.Context, personID string) ([]proto.ConversationRow, error) {
	const theirs = `(SELECT conversation_id FROM chat_members WHERE person_id = $1 AND state = 'in')`
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+conversationColumns+` FROM chat_conversations AS c WHERE c.id IN `+theirs+`
		ORDER BY CASE WHEN c.last_at > c.created_at THEN c.last_at ELSE c.created_at END DESC, c.id`, personID)
	all, err := collect(rows, err, scanConversation)
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	at := make(map[string]*proto.ConversationRow, len(all))
	for i := range all {
		at[all[i].ID] = &all[i]
	}
	rows, err = s.read.QueryContext(ctx, `SELECT `+memberColumns+` WHERE m.conversation_id IN `+theirs+` `+memberOrder, personID)
	members, err := collect(rows, err, scanMember)
	if err != nil {
		return nil, fmt.Errorf("list the members of conversations: %w", err)
	}
	rows, err = s.read.QueryContext(ctx, `SELECT `+leafColumns+` WHERE l.conversation_id IN `+theirs+` `+leafOrder, personID)
	leaves, err := collect(rows, err, scanLeafRow)
	if err != nil {
		return nil, fmt.Errorf("list the devices of conversations: %w", err)
	}
	for _, m := range members {
		if c := at[m.id]; c != nil {
			c.Members = append(c.Members, m.one)
		}
	}
	for _, l := range leaves {
		if c := at[l.id]; c != nil {
			c.Leaves = append(c.Leaves, l.one)
		}
	}
	return all, nil
}

// ConversationInfo returns a conversation's sealed GroupInfo with its generation
// and epoch; false if there is no such conversation.
func (s *Store) ConversationInfo(ctx context.Context, id string) (c proto.ConversationRow, found bool, err error) {
	found, err = present(s.read.QueryRowContext(ctx, `
		SELECT id, generation, epoch, group_info FROM chat_conversations WHERE id = $1`, id).
		Scan(&c.ID, &c.Generation, &c.Epoch, &c.GroupInfo))
	if err != nil {
		return proto.ConversationRow{}, false, fmt.Errorf("read a conversation's group info: %w", err)
	}
	return c, found, nil
}

// NextWaiting is the id after `after` of a conversation for which something
// waits; empty if there is none.
func (s *Store) NextWaiting(ctx context.Context, after string) (id string, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COALESCE(min(conversation_id), '') FROM chat_messages WHERE conversation_id > $1`, after).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("look for what waits: %w", err)
	}
	return id, nil
}

// LooseConversations lists conversations with devices that are gone and not
// flagged yet, whose maker is gone, or with nobody in them; limit at most.
func (s *Store) LooseConversations(ctx context.Context, limit int) ([]string, error) {
	ids, err := texts(s.read.QueryContext(ctx, `
		SELECT conversation_id FROM (
			SELECT l.conversation_id FROM chat_leaves AS l LEFT JOIN chat_devices AS d ON d.id = l.device_id
			WHERE l.state = 'in' AND d.id IS NULL
			UNION
			SELECT c.id AS conversation_id FROM chat_conversations AS c
			WHERE NOT EXISTS (SELECT 1 FROM chat_members AS m WHERE m.conversation_id = c.id AND m.state = 'in')
				OR c.created_by <> '' AND NOT EXISTS (SELECT 1 FROM people AS p WHERE p.id = c.created_by)
		) AS loose ORDER BY conversation_id LIMIT $1`, limit))
	if err != nil {
		return nil, fmt.Errorf("look for conversations that people have left: %w", err)
	}
	return ids, nil
}

// ChatPersonGone says that there is no such person (any more).
func (s *Store) ChatPersonGone(ctx context.Context, id string) (gone bool, err error) {
	if err := s.read.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM people WHERE id = $1)`, id).Scan(&gone); err != nil {
		return false, fmt.Errorf("look for a person: %w", err)
	}
	return gone, nil
}
