package blobs_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/relay/blobs"
)

// newBucket is an empty bucket, closed when the test ends.
type newBucket func(t *testing.T) blobs.Bucket

// backends are the buckets that the suite holds for. Each may skip its test.
var backends = map[string]func(t *testing.T) newBucket{
	"dir": func(*testing.T) newBucket {
		return func(t *testing.T) blobs.Bucket { return newDir(t, t.TempDir()) }
	},
	"s3": s3Server,
}

func newDir(t *testing.T, path string) *blobs.Dir {
	t.Helper()
	dir, err := blobs.NewDir(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dir.Close()) })
	return dir
}

// suite is what every bucket must do.
var suite = map[string]func(t *testing.T, b blobs.Bucket){
	"PutGet": testPutGet, "Replaced": testReplaced, "Missing": testMissing, "Delete": testDelete,
	"Neighbours": testNeighbours, "List": testList, "Sizes": testSizes, "Callers": testCallersBytes,
	"AtOnce": testAtOnce, "SameChunkAtOnce": testSameChunkAtOnce, "Model": testModel,
}

func TestBuckets(t *testing.T) {
	for backend, start := range backends {
		t.Run(backend, func(t *testing.T) {
			open := start(t)
			for name, run := range suite {
				t.Run(name, func(t *testing.T) { run(t, open(t)) })
			}
		})
	}
}

// anID is an id as the service makes them, another for each n.
func anID(n int) string {
	id := []byte("a_" + strings.Repeat("a", 26))
	for i := len(id) - 1; n > 0; i-- {
		id[i] = "abcdefghijklmnopqrstuvwxyz234567"[n%32]
		n /= 32
	}
	return string(id)
}

func put(t require.TestingT, b blobs.Bucket, id string, n int64, chunk string) {
	require.NoError(t, b.Put(context.Background(), id, n, []byte(chunk)))
}

func get(t require.TestingT, b blobs.Bucket, id string, n int64) string {
	chunk, err := b.Get(context.Background(), id, n)
	require.NoError(t, err)
	return string(chunk)
}

func requireMissing(t require.TestingT, b blobs.Bucket, id string, n int64) {
	_, err := b.Get(context.Background(), id, n)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func ids(t require.TestingT, b blobs.Bucket) []string {
	all := []string{}
	for id, err := range b.IDs(context.Background()) {
		require.NoError(t, err)
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

func testPutGet(t *testing.T, b blobs.Bucket) {
	for _, n := range []int64{2, 0, 10, 1, 9999} {
		put(t, b, anID(1), n, fmt.Sprint("chunk ", n))
	}
	for _, n := range []int64{0, 1, 2, 10, 9999} {
		require.Equal(t, fmt.Sprint("chunk ", n), get(t, b, anID(1), n))
	}
}

func testReplaced(t *testing.T, b blobs.Bucket) {
	for _, chunk := range []string{"a longer one", "short", "short"} {
		put(t, b, anID(1), 0, chunk)
		require.Equal(t, chunk, get(t, b, anID(1), 0))
	}
}

func testMissing(t *testing.T, b blobs.Bucket) {
	requireMissing(t, b, anID(1), 0)
	put(t, b, anID(1), 1, "x")
	requireMissing(t, b, anID(1), 0)
	requireMissing(t, b, anID(1), 11)
	requireMissing(t, b, anID(2), 1)
}

func testDelete(t *testing.T, b blobs.Bucket) {
	require.NoError(t, b.Delete(t.Context(), anID(1)), "nothing there")
	for n := range int64(12) {
		put(t, b, anID(1), n, "x")
	}
	for range 2 {
		require.NoError(t, b.Delete(t.Context(), anID(1)))
		for n := range int64(12) {
			requireMissing(t, b, anID(1), n)
		}
	}
	require.Empty(t, ids(t, b))
	put(t, b, anID(1), 0, "again")
	require.Equal(t, "again", get(t, b, anID(1), 0))
}

// testNeighbours: what one id begins with may be all of another's.
func testNeighbours(t *testing.T, b blobs.Bucket) {
	long, short := anID(1), anID(1)[:len(anID(1))-1]
	put(t, b, long, 1, "long")
	put(t, b, short, 1, "short")
	require.NoError(t, b.Delete(t.Context(), short))
	require.Equal(t, "long", get(t, b, long, 1))
	require.Equal(t, []string{long}, ids(t, b))
}

func testList(t *testing.T, b blobs.Bucket) {
	require.Empty(t, ids(t, b))
	want := []string{}
	for i := range 1100 { // more than a page of either
		want = append(want, anID(i))
	}
	slices.Sort(want)
	var wg sync.WaitGroup
	for part := range slices.Chunk(want, 140) {
		wg.Go(func() {
			for _, id := range part {
				put(t, b, id, 0, "x")
			}
		})
	}
	wg.Wait()
	put(t, b, want[0], 1, "y")
	require.Equal(t, want, ids(t, b), "each once")
	n := 0
	for _, err := range b.IDs(t.Context()) {
		require.NoError(t, err)
		if n++; n == 3 {
			break
		}
	}
	require.Equal(t, 3, n, "a reader may stop")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range b.IDs(ctx) {
		last = err
	}
	require.ErrorIs(t, last, context.Canceled, "a list that is cut short says so")
}

func testSizes(t *testing.T, b blobs.Bucket) {
	for i, size := range []int{1, 2, 4095, 4096, 4097, 1 << 20, 5<<20 + 1} {
		chunk := strings.Repeat("\x00\xffz", size/3+1)[:size]
		put(t, b, anID(1), int64(i), chunk)
		require.Equal(t, chunk, get(t, b, anID(1), int64(i)))
	}
}

// testCallersBytes: a caller may use its memory again.
func testCallersBytes(t *testing.T, b blobs.Bucket) {
	chunk := []byte("hello")
	require.NoError(t, b.Put(t.Context(), anID(1), 0, chunk))
	clear(chunk)
	got, err := b.Get(t.Context(), anID(1), 0)
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
	clear(got)
	require.Equal(t, "hello", get(t, b, anID(1), 0))
}

func testAtOnce(t *testing.T, b blobs.Bucket) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range int64(8) {
				put(t, b, anID(i), n, fmt.Sprint(i, n))
			}
		})
	}
	wg.Wait()
	for i := range 8 {
		for n := range int64(8) {
			require.Equal(t, fmt.Sprint(i, n), get(t, b, anID(i), n))
		}
	}
}

// testSameChunkAtOnce: a reader sees one chunk or the other, never a mixture.
func testSameChunkAtOnce(t *testing.T, b blobs.Bucket) {
	chunks := [][]byte{bytes.Repeat([]byte("a"), 100_000), bytes.Repeat([]byte("b"), 90_000)}
	put(t, b, anID(1), 0, string(chunks[0]))
	var wg sync.WaitGroup
	for _, chunk := range chunks {
		wg.Go(func() {
			for range 10 {
				put(t, b, anID(1), 0, string(chunk))
			}
		})
	}
	for range 20 {
		got := []byte(get(t, b, anID(1), 0))
		require.True(t, bytes.Equal(got, chunks[0]) || bytes.Equal(got, chunks[1]), "%d bytes", len(got))
	}
	wg.Wait()
}

// testModel: whatever is done in whatever order, the bucket is as a map is.
func testModel(t *testing.T, b blobs.Bucket) {
	rapid.Check(t, func(t *rapid.T) {
		for _, id := range ids(t, b) {
			require.NoError(t, b.Delete(context.Background(), id))
		}
		model := map[string]map[int64]string{}
		id := rapid.SampledFrom([]string{anID(1), anID(2), anID(33)})
		n := rapid.Int64Range(0, 3)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				id, n, chunk := id.Draw(t, "id"), n.Draw(t, "n"), rapid.StringN(1, 9, -1).Draw(t, "chunk")
				put(t, b, id, n, chunk)
				if model[id] == nil {
					model[id] = map[int64]string{}
				}
				model[id][n] = chunk
			},
			"get": func(t *rapid.T) {
				id, n := id.Draw(t, "id"), n.Draw(t, "n")
				if want, there := model[id][n]; there {
					require.Equal(t, want, get(t, b, id, n))
				} else {
					requireMissing(t, b, id, n)
				}
			},
			"delete": func(t *rapid.T) {
				id := id.Draw(t, "id")
				require.NoError(t, b.Delete(context.Background(), id))
				delete(model, id)
			},
			"list": func(t *rapid.T) {
				want := []string{}
				for id := range model {
					want = append(want, id)
				}
				slices.Sort(want)
				require.Equal(t, want, ids(t, b))
			},
		})
	})
}
