package groups_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing/frametest"
	"kinwire/signaling/relay/groups"
)

// pack is a key package of a device; init makes it different from others.
func (w *square) pack(device, init string) []byte {
	return frametest.KeyPackage(suite, w.leaf(device), []byte(init))
}

func (w *square) stock(person, device string, from, n int) {
	w.t.Helper()
	in := proto.KeyPackagesNew{Suite: suite}
	for i := range n {
		in.Packages = append(in.Packages, w.pack(device, fmt.Sprint(from+i)))
	}
	_, err := w.AddKeys(w.t.Context(), person, device, in)
	require.NoError(w.t, err)
}

func (w *square) left(person, device string) (count int64) {
	w.t.Helper()
	left, err := w.Keys(w.t.Context(), person, device)
	require.NoError(w.t, err)
	for _, l := range left.Left {
		if l.Suite == suite {
			count = l.Count
		}
	}
	return count
}

func (w *square) take(who, of string, devices ...string) []proto.KeyPackageOf {
	w.t.Helper()
	taken, err := w.TakeKeys(w.t.Context(), who, of, proto.KeyPackagesTake{Suite: suite, Devices: devices})
	require.NoError(w.t, err)
	return taken.Packages
}

func TestKeyPackages(t *testing.T) {
	w := newSquareWith(t, groups.Config{KeyPackages: 4, TakesOf: groups.Rate{Burst: 100, Every: time.Hour}})
	ctx := t.Context()
	b1, b2 := w.device("ben", "b1"), w.device("ben", "b2")
	left, err := w.Keys(ctx, "ben", b1)
	require.NoError(t, err)
	require.Equal(t, []proto.KeyPackageCount{}, left.Left)
	require.Empty(t, w.take("ana", "ben"))

	w.stock("ben", b1, 0, 3)
	w.stock("ben", b2, 10, 1)
	taken := w.take("ana", "ben")
	require.Equal(t, []proto.KeyPackageOf{{DeviceID: b1, Package: taken[0].Package}, {DeviceID: b2, Package: w.pack(b2, "10")}}, taken)
	require.Len(t, w.take("ana", "ben"), 1, "b2 has none any more")
	require.EqualValues(t, 1, w.left("ben", b1))
	require.Empty(t, w.take("ana", "ben", b2))
	require.Len(t, w.take("ana", "ben", b1, "md_x"), 1)
	require.Zero(t, w.left("ben", b1))

	// What was taken does not come back by a request that is repeated.
	w.stock("ben", b1, 0, 3)
	require.Zero(t, w.left("ben", b1))
	require.Empty(t, w.take("ana", "ben", b1))

	// The last resort, which stays, and is replaced.
	last := w.pack(b1, "last")
	left, err = w.AddKeys(ctx, "ben", b1, proto.KeyPackagesNew{Suite: suite, LastResort: last})
	require.NoError(t, err)
	require.Equal(t, []proto.KeyPackageCount{{Suite: suite, LastResortAt: w.now.UnixMilli()}}, left.Left)
	for range 3 {
		require.Equal(t, []proto.KeyPackageOf{{DeviceID: b1, Package: last, LastResort: true}}, w.take("ana", "ben", b1))
	}
	w.later(time.Hour)
	last = w.pack(b1, "last 2")
	left, err = w.AddKeys(ctx, "ben", b1, proto.KeyPackagesNew{Suite: suite, LastResort: last, Packages: [][]byte{w.pack(b1, "20")}})
	require.NoError(t, err)
	require.Equal(t, []proto.KeyPackageCount{{Suite: suite, Count: 1, LastResortAt: w.now.UnixMilli()}}, left.Left)
	require.False(t, w.take("ana", "ben", b1)[0].LastResort)
	require.Equal(t, last, w.take("ana", "ben", b1)[0].Package)

	// The newest are kept.
	w.later(time.Hour)
	w.stock("ben", b1, 30, 6)
	require.EqualValues(t, 4, w.left("ben", b1))
	w.later(time.Hour)
	w.stock("ben", b1, 40, 3)
	require.EqualValues(t, 4, w.left("ben", b1))
	got := map[string]bool{}
	for range 4 {
		got[string(w.take("ana", "ben", b1)[0].Package)] = true
	}
	for _, init := range []string{"40", "41", "42"} {
		require.True(t, got[string(w.pack(b1, init))], init)
	}

	// One's own other devices.
	w.stock("ben", b2, 50, 1)
	require.Len(t, w.take("ben", "ben", b2), 1)

	// They go with the device.
	require.NoError(t, w.DeleteDevice(ctx, "ben", b1))
	require.Zero(t, w.count(`SELECT count(*) FROM chat_keys WHERE device_id = $1`, b1))
}

func TestWrongKeyPackages(t *testing.T) {
	w := newSquare(t)
	ctx := t.Context()
	b1, k1 := w.device("ben", "b1"), w.device("kai", "k1")
	other := w.leaf(b1)
	other.SignatureKey = []byte("another key")
	good := w.pack(b1, "0")
	for says, in := range map[string]proto.KeyPackagesNew{
		"of another device":                      {Packages: [][]byte{good, w.pack(k1, "0")}},
		"of another key":                         {Packages: [][]byte{frametest.KeyPackage(suite, other, nil)}},
		"of another suite":                       {Packages: [][]byte{frametest.KeyPackage(83, w.leaf(b1), nil)}},
		"no key package":                         {Packages: [][]byte{frametest.Welcome(suite, 1, nil)}},
		"malformed":                              {Packages: [][]byte{good[:len(good)-1]}},
		"empty":                                  {Packages: [][]byte{{}}},
		"a last resort of nobody":                {LastResort: w.pack(k1, "0")},
		"a last resort that is among the others": {Packages: [][]byte{good}, LastResort: good},
	} {
		in.Suite = suite
		_, err := w.AddKeys(ctx, "ben", b1, in)
		require.Equal(t, proto.CodeBadMessage, code(t, err), "%s: %v", says, err)
	}
	for says, in := range map[string]proto.KeyPackagesNew{
		"large": {Suite: suite, Packages: [][]byte{frametest.KeyPackage(suite, w.leaf(b1), make([]byte, 17<<10))}},
		"many":  {Suite: suite, Packages: make([][]byte, 101)},
	} {
		_, err := w.AddKeys(ctx, "ben", b1, in)
		require.Equal(t, proto.CodeTooLarge, code(t, err), says)
	}
	_, err := w.AddKeys(ctx, "ben", b1, proto.KeyPackagesNew{Suite: 9, Packages: [][]byte{good}})
	require.Equal(t, proto.CodeNotAllowed, code(t, err))
	_, err = w.TakeKeys(ctx, "ana", "ben", proto.KeyPackagesTake{Suite: 9})
	require.Equal(t, proto.CodeNotAllowed, code(t, err))
	require.Zero(t, w.left("ben", b1), "of a stock that is refused nothing is kept")
}

// TestNobodyDrains: one friend gets a few single-use packages and then the last
// resort; the others of that child's friends still get theirs.
func TestNobodyDrains(t *testing.T) {
	w := newSquareWith(t, groups.Config{Takes: groups.Rate{Burst: 30, Every: time.Second}})
	ctx := t.Context()
	b1 := w.device("ben", "b1")
	w.stock("ben", b1, 0, 20)
	_, err := w.AddKeys(ctx, "ben", b1, proto.KeyPackagesNew{Suite: suite, LastResort: w.pack(b1, "last")})
	require.NoError(t, err)
	for i := range 30 {
		require.Equal(t, i >= 5, w.take("ana", "ben")[0].LastResort, i)
	}
	_, err = w.TakeKeys(ctx, "ana", "ben", proto.KeyPackagesTake{Suite: suite})
	require.Equal(t, proto.CodeRateLimited, code(t, err))
	require.EqualValues(t, 15, w.left("ben", b1))
	require.False(t, w.take("cat", "ben")[0].LastResort)
	w.later(time.Hour)
	require.False(t, w.take("ana", "ben")[0].LastResort)
	require.True(t, w.take("ana", "ben")[0].LastResort)
}

// TestTakenOnce: of two who take at once, each gets another package.
func TestTakenOnce(t *testing.T) {
	engines(t, func(t *testing.T, w *square) {
		b1 := w.device("ben", "b1")
		w.stock("ben", b1, 0, 20)
		const takers = 4
		var mu sync.Mutex
		got := map[string]int{}
		var all sync.WaitGroup
		for i := range takers {
			who := []string{"ana", "cat", "teo", "uma"}[i]
			all.Go(func() {
				for range 5 {
					taken, err := w.TakeKeys(t.Context(), who, "ben", proto.KeyPackagesTake{Suite: suite})
					if err != nil || len(taken.Packages) != 1 {
						t.Errorf("%v %v", taken, err)
						return
					}
					mu.Lock()
					got[string(taken.Packages[0].Package)]++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		require.Len(t, got, 20)
		require.Zero(t, w.left("ben", b1))
	})
}

func TestTune(t *testing.T) {
	w := newSquareWith(t, groups.Config{KeyPackages: 4})
	w.Tune(groups.Config{KeyPackages: 7, MaxPeople: 3, MaxDevices: 1, Suites: []int64{suite}})
	info, err := w.Info(t.Context(), "ana")
	require.NoError(t, err)
	require.EqualValues(t, 7, info.KeyPackages)
	require.EqualValues(t, 3, info.MaxPeople)
	require.Equal(t, []int64{suite}, info.Suites)
	w.device("ben", "b1")
	_, err = w.NewDevice(t.Context(), "ben", "", proto.ChatDeviceNew{Name: "b2", SignatureKey: make([]byte, 32)})
	require.Error(t, err, "one device at most now")
}
