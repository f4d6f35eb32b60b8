package store

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func chatDevice(id, person string, seen int64) proto.ChatDeviceRow {
	return proto.ChatDeviceRow{ID: id, PersonID: person, Name: "n " + id, SecretHash: "s " + id, LoginHash: "l " + id, SignatureKey: []byte("k " + id), CreatedAt: seen, SeenAt: seen}
}

func addDevices(t *testing.T, s *Store, person string, ids ...string) {
	t.Helper()
	for i, id := range ids {
		_, added, err := s.AddChatDevice(t.Context(), chatDevice(id, person, int64(1000+i)), 10)
		require.NoError(t, err)
		require.True(t, added)
	}
}

func idsOf(devices []proto.ChatDeviceRow) (ids []string) {
	for _, d := range devices {
		ids = append(ids, d.ID)
	}
	return ids
}

func testChatDevices(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben, cat)
	addDevices(t, s, ana.ID, "a1", "a2")
	addDevices(t, s, ben.ID, "b1")

	had, added, err := s.AddChatDevice(ctx, chatDevice("a3", ana.ID, 5), 2)
	require.NoError(t, err)
	require.False(t, added)
	require.EqualValues(t, 2, had)
	_, added, err = s.AddChatDevice(ctx, chatDevice("x", "nobody", 5), 2)
	require.NoError(t, err)
	require.False(t, added)

	mine, err := s.ChatDevices(ctx, ana.ID)
	require.NoError(t, err)
	require.Equal(t, []proto.ChatDeviceRow{chatDevice("a1", ana.ID, 1000), chatDevice("a2", ana.ID, 1001)}, mine)
	some, err := s.ChatDevicesByID(ctx, []string{"b1", "nothing", "a2"})
	require.NoError(t, err)
	require.Equal(t, []string{"a2", "b1"}, idsOf(some))
	some, err = s.ChatDevicesByID(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, some)
	some, err = s.ChatDevicesOfLogins(ctx, ana.ID, []string{"l a2", "l b1", ""})
	require.NoError(t, err)
	require.Equal(t, []string{"a2"}, idsOf(some), "of this person only")
	some, err = s.IdleChatDevices(ctx, 1001, 10)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"a1", "b1"}, idsOf(some))
	some, err = s.IdleChatDevices(ctx, 1001, 1)
	require.NoError(t, err)
	require.Len(t, some, 1)

	// Two who add the last one at once.
	var all sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for i := range 6 {
		all.Go(func() {
			_, added, err := s.AddChatDevice(ctx, chatDevice(fmt.Sprint("c", i), cat.ID, 1), 3)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("%v", err)
			}
			if added {
				n++
			}
		})
	}
	all.Wait()
	require.Equal(t, 3, n)

	_, err = s.write.ExecContext(ctx, `DELETE FROM people WHERE id = $1`, ana.ID)
	require.NoError(t, err)
	mine, err = s.ChatDevices(ctx, ana.ID)
	require.NoError(t, err)
	require.Empty(t, mine, "they go with the person")
	gone, err := s.ChatPersonGone(ctx, ana.ID)
	require.NoError(t, err)
	require.True(t, gone)
	gone, err = s.ChatPersonGone(ctx, ben.ID)
	require.NoError(t, err)
	require.False(t, gone)
}

func testKeyPackages(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana)
	addDevices(t, s, ana.ID, "a1")
	pack := func(id string) proto.KeyPackageRow {
		return proto.KeyPackageRow{ID: id, Package: []byte("package " + id)}
	}
	stock := func(at, keep int64, last string, ids ...string) {
		t.Helper()
		in := proto.KeyPackageStock{DeviceID: "a1", Suite: 7, Keep: keep, At: at}
		for _, id := range ids {
			in.Packages = append(in.Packages, pack(id))
		}
		if last != "" {
			p := pack(last)
			in.LastResort = &p
		}
		found, err := s.AddKeyPackages(ctx, in)
		require.NoError(t, err)
		require.True(t, found)
	}
	left := func() proto.KeyPackageCount {
		all, err := s.KeyPackagesLeft(ctx, "a1")
		require.NoError(t, err)
		if len(all) == 0 {
			return proto.KeyPackageCount{}
		}
		return all[0]
	}
	take := func(single bool) (string, bool) {
		of, found, err := s.TakeKeyPackage(ctx, "a1", 7, single, 500)
		require.NoError(t, err)
		if !found {
			return "", false
		}
		require.Equal(t, "a1", of.DeviceID)
		return string(of.Package), of.LastResort
	}
	found, err := s.AddKeyPackages(ctx, proto.KeyPackageStock{DeviceID: "nothing", Suite: 7, Keep: 9, Packages: []proto.KeyPackageRow{pack("0")}})
	require.NoError(t, err)
	require.False(t, found)

	stock(100, 5, "", "1", "2")
	stock(200, 5, "last", "3")
	require.Equal(t, proto.KeyPackageCount{Suite: 7, Count: 3, LastResortAt: 200}, left())
	p, last := take(true)
	require.Equal(t, "package 1", p, "the oldest first")
	require.False(t, last)
	p, last = take(false)
	require.Equal(t, "package last", p)
	require.True(t, last)
	require.EqualValues(t, 2, left().Count)
	stock(300, 5, "", "1", "2")
	require.EqualValues(t, 2, left().Count, "what was taken, and what is there, is not added again")
	var held int
	require.NoError(t, s.read.QueryRowContext(ctx, `SELECT length(package) FROM chat_keys WHERE id = '1'`).Scan(&held))
	require.Zero(t, held, "of what was taken only the name is kept")
	stock(400, 3, "other", "4", "5", "6", "7")
	require.Equal(t, proto.KeyPackageCount{Suite: 7, Count: 3, LastResortAt: 400}, left(), "the newest are kept")
	_, found, err = s.TakeKeyPackage(ctx, "a1", 8, true, 500)
	require.NoError(t, err)
	require.False(t, found, "of another suite there is none")

	n, err := s.ForgetKeyPackages(ctx, 401, 501)
	require.NoError(t, err)
	require.EqualValues(t, 4, n, "three that are old, and the name of one")
	require.Equal(t, proto.KeyPackageCount{Suite: 7, LastResortAt: 400}, left())
	p, last = take(true)
	require.Equal(t, "package other", p)
	require.True(t, last)
}
