package lab

import (
	"context"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"kinwire/client/impair"
)

// TestNothingIsLeft: no device, no namespace, no descriptor; and what was made of a
// lab says so once it is closed.
func TestNothingIsLeft(t *testing.T) {
	_ = open(t, Options{}) // another lab at the same time has other addresses
	before := descriptors(t)
	l := open(t, Options{})
	h := l.host(t, "leo", impair.Direction{})
	name := l.Server().dev.name
	_, err := net.InterfaceByName(name)
	require.NoError(t, err)
	require.NoError(t, h.Close())
	again := l.host(t, "leo", impair.Direction{})
	require.Equal(t, h.Addr(), again.Addr(), "the number is free again")
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	_, err = net.InterfaceByName(name)
	require.Error(t, err)
	require.Equal(t, before, descriptors(t))
	_, err = l.Attach("late", impair.Profile{})
	require.ErrorIs(t, err, errClosed)
	_, err = again.Move()
	require.ErrorIs(t, err, errClosed)
	require.ErrorIs(t, again.Do(func() error { return nil }), errClosed)
}

// TestAwayWhileTheLabCloses: who is in a host's namespace then comes home all the
// same.
func TestAwayWhileTheLabCloses(t *testing.T) {
	l := open(t, Options{})
	h := l.host(t, "leo", impair.Direction{})
	inside, leave := make(chan struct{}), make(chan struct{})
	var away sync.WaitGroup
	away.Go(func() {
		require.NoError(t, h.Do(func() error { close(inside); <-leave; return nil }))
	})
	<-inside
	require.NoError(t, l.Close())
	require.Positive(t, descriptors(t)["net:"], "home is kept open")
	close(leave)
	away.Wait()
	require.Empty(t, descriptors(t))
	home, err := os.Readlink("/proc/self/ns/net")
	require.NoError(t, err)
	var wrong sync.Map
	var all sync.WaitGroup
	for range 50 { // on as many threads as there are
		all.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if at, _ := os.Readlink("/proc/thread-self/ns/net"); at != home {
				wrong.Store(at, true)
			}
		})
	}
	all.Wait()
	wrong.Range(func(at, _ any) bool { t.Errorf("a thread is in %v, not in %s", at, home); return true })
}

func TestTheContextEndsTheLab(t *testing.T) {
	open(t, Options{}) // or skip
	ctx, cancel := context.WithCancel(t.Context())
	l, err := New(ctx, Options{})
	require.NoError(t, err)
	cancel()
	require.Eventually(t, func() bool {
		_, err := net.InterfaceByName(l.Server().dev.name)
		return err != nil
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, l.Close())
}

// descriptors counts those of TUN devices, namespaces and timers.
func descriptors(t *testing.T) map[string]int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	n := map[string]int{}
	for _, e := range entries {
		to, _ := os.Readlink("/proc/self/fd/" + e.Name())
		for _, kind := range []string{"net:", "/dev/net/tun", "timerfd"} {
			if strings.Contains(to, kind) {
				n[kind]++
			}
		}
	}
	return n
}

// TestWithoutRoot gives up the capabilities of one thread and asks on that.
func TestWithoutRoot(t *testing.T) {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends here
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&header, &none[0]); err != nil {
			failed <- err
			return
		}
		_, err := New(context.Background(), Options{})
		failed <- err
	}()
	err := <-failed
	require.ErrorIs(t, err, ErrNeedsRoot)
	var missing *MissingError
	require.ErrorAs(t, err, &missing)
	require.NotEmpty(t, missing.What)
	require.Contains(t, err.Error(), missing.What)
}
