package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// testSealed: everything that is sealed is on a shelf, in order, batch after
// batch; a row is replaced only if it is as it was read.
func testSealed(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben)
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := s.write.ExecContext(ctx, sql, args...)
		require.NoError(t, err)
	}
	for i := range 5 {
		exec(`INSERT INTO chat_conversations (id, kind, pair_low, pair_high, suite, generation, epoch, seq, group_info, committer, committed_id, created_by, created_at, last_at)
			VALUES ($1, 'group', '', '', 1, 2, 3, 4, $2, '', '', '', 0, 0)`, fmt.Sprint("g_", i), []byte(fmt.Sprint("info ", i)))
		exec(`INSERT INTO chat_messages (conversation_id, seq, kind, generation, epoch, sender_id, device_id, at, expires_at, waits, size, body, franking, detail)
			VALUES ($1, $2, 'commit', 2, 3, '', '', 0, 0, 1, 1, $3, $4, '')`, fmt.Sprint("g_", i/2), i, []byte(fmt.Sprint("body ", i)), []byte{})
	}
	_, err := s.AddReport(ctx, report("r_1", ana.ID, ben.ID, t0), nil, t0, 1000, entry("report.filed", "r_1"))
	require.NoError(t, err)
	exec(`UPDATE reports SET evidence = $1 WHERE id = 'r_1'`, []byte("evidence"))

	want := map[string][]string{
		"group_infos": {"g_0|2.3|group_info=info 0", "g_1|2.3|group_info=info 1", "g_2|2.3|group_info=info 2", "g_3|2.3|group_info=info 3", "g_4|2.3|group_info=info 4"},
		"evidence":    {"r_1=evidence"},
		"messages":    {"g_0|0|commit=body 0", "g_0|1|commit=body 1", "g_1|2|commit=body 2", "g_1|3|commit=body 3", "g_2|4|commit=body 4"},
	}
	for _, shelf := range s.Shelves() {
		var got []string
		var last proto.SealedRow
		for {
			rows, err := s.SealedRows(ctx, shelf, last, 2)
			require.NoError(t, err)
			if len(rows) == 0 {
				break
			}
			for _, r := range rows {
				got = append(got, string(r.Place)+"="+string(r.Sealed))
			}
			last = rows[len(rows)-1]
			done, err := s.PutSealed(ctx, shelf, last, []byte("fresh"))
			require.NoError(t, err)
			require.True(t, done)
			done, err = s.PutSealed(ctx, shelf, last, []byte("again"))
			require.NoError(t, err)
			require.False(t, done, "it is not as it was read any more")
		}
		require.Equal(t, want[shelf], got)
	}
	_, err = s.SealedRows(ctx, "socks", proto.SealedRow{}, 1)
	require.ErrorContains(t, err, "socks")
}
