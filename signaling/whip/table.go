package whip

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// tokensEach is how many tokens a session may have at once; one more takes
	// the place of the oldest that nothing runs on.
	tokensEach = 4
	// sweepEvery is how often the table is looked through for what is no good
	// any more, at most: only when something new comes in.
	sweepEvery = time.Minute
)

// secret is the SHA-256 of a token: the table holds no token that works.
type secret [sha256.Size]byte

func hashed(token string) secret { return sha256.Sum256([]byte(token)) }

// newSecret makes a token, or the id of a resource, of 256 random bits.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// newTag makes a strong entity-tag.
func newTag() string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return `"` + base64.RawURLEncoding.EncodeToString(b[:]) + `"`
}

// grant is what a token stands for.
type grant struct {
	key     secret
	owner   string // the session
	seat    Seat
	startBy time.Time
	// turn is held while media is started or restarted, so that one comes
	// after the other. What follows in res is guarded by it.
	turn chan struct{}

	res *resource // the media that it started last; guarded by the table's lock
}

// resource is media that was started (RFC 9725: a WHIP session).
type resource struct {
	id    string
	role  *role
	media Media

	tag        string // of the ICE session; guarded by the grant's turn, like
	ufrag, pwd string // the client's credentials in it
}

// runs says whether media of the token is up.
func (g *grant) runs(res *resource) bool { return res != nil && res.media.Live() && g.seat.Live() }

// table holds the tokens. Its lock is innermost: nobody outside is called
// under it.
type table struct {
	mu      sync.Mutex
	grants  map[secret]*grant
	owners  map[string][]*grant // the oldest first
	sweptAt time.Time
}

func newTable() *table {
	return &table{grants: map[secret]*grant{}, owners: map[string][]*grant{}}
}

func (t *table) find(key secret) *grant {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.grants[key]
}

// resource finds what stands at an address; nil if that is not, or not the
// token's.
func (t *table) resource(g *grant, ro *role, id string) *resource {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.res == nil || g.res.id != id || g.res.role != ro {
		return nil
	}
	return g.res
}

// put notes that the token has started media. It reports false when the token
// has been forgotten meanwhile.
func (t *table) put(g *grant, res *resource) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.grants[g.key] != g {
		return false
	}
	g.res = res
	return true
}

// drop takes a resource away, unless another has taken its place.
func (t *table) drop(g *grant, res *resource) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.res == res {
		g.res = nil
	}
}

// add takes a new token in.
func (t *table) add(g *grant, now time.Time) {
	t.sweep(now)
	t.mu.Lock()
	mine := slices.Clone(t.owners[g.owner])
	running := t.resourcesLocked(mine)
	t.mu.Unlock()
	var spare *grant
	if len(mine) >= tokensEach {
		i := slices.IndexFunc(mine, func(old *grant) bool { return !old.runs(running[old]) })
		spare = mine[max(i, 0)]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if spare != nil {
		t.removeLocked(spare)
	}
	for len(t.owners[g.owner]) >= tokensEach { // others came in meanwhile
		t.removeLocked(t.owners[g.owner][0])
	}
	t.grants[g.key] = g
	t.owners[g.owner] = append(t.owners[g.owner], g)
}

// forget takes all tokens of a session away.
func (t *table) forget(owner string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range slices.Clone(t.owners[owner]) {
		t.removeLocked(g)
	}
}

// sweep takes out, now and then, what is no good any more.
func (t *table) sweep(now time.Time) {
	t.mu.Lock()
	if now.Sub(t.sweptAt) < sweepEvery {
		t.mu.Unlock()
		return
	}
	t.sweptAt = now
	all := slices.Collect(maps.Values(t.grants))
	running := t.resourcesLocked(all)
	t.mu.Unlock()
	all = slices.DeleteFunc(all, func(g *grant) bool {
		return g.runs(running[g]) || (g.seat.Live() && now.Before(g.startBy))
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range all {
		if g.res == running[g] { // else it has started something meanwhile
			t.removeLocked(g)
		}
	}
}

func (t *table) resourcesLocked(list []*grant) map[*grant]*resource {
	m := make(map[*grant]*resource, len(list))
	for _, g := range list {
		m[g] = g.res
	}
	return m
}

func (t *table) removeLocked(g *grant) {
	delete(t.grants, g.key)
	left := slices.DeleteFunc(slices.Clone(t.owners[g.owner]), func(x *grant) bool { return x == g })
	if len(left) == 0 {
		delete(t.owners, g.owner)
	} else {
		t.owners[g.owner] = left
	}
}
