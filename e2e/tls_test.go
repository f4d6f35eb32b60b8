package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/e2e/kinwire"
	"kinwire/signaling/proto"
)

// TestHTTPS logs in and rings over TLS, and is handed TURN over TLS.
func TestHTTPS(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{TLS: true})
	dial := func(login string) *client.Session {
		h := client.HTTP{BaseURL: s.URL, Client: s.HTTP}
		in, err := h.Login(t.Context(), login, kinwire.Password, proto.Device{})
		require.NoError(t, err)
		session, err := client.Dial(t.Context(), client.Options{BaseURL: s.URL, Token: in.Token, HTTPClient: s.HTTP})
		require.NoError(t, err)
		t.Cleanup(func() { _ = session.Close() })
		return session
	}
	mia, leo := dial("mia"), dial("leo")
	events := leo.Events()
	defer events.Close()
	entered, err := mia.Invite(t.Context(), true, "demo-leo")
	require.NoError(t, err)
	_, err = client.Await(t.Context(), events, func(in proto.CallIncoming) bool { return in.Call.CallID == entered.Call.CallID })
	require.NoError(t, err)
	var urls []string
	for _, server := range entered.ICEServers {
		urls = append(urls, server.URLs...)
	}
	require.Contains(t, fmt.Sprint(urls), "turns:")
	require.NoError(t, leo.Decline(t.Context(), entered.Call.CallID))
	var r record
	s.Record(t, entered.Call.CallID, &r)
	require.Equal(t, "declined", r.Reason)
	require.Empty(t, r.Participants)

	_, err = client.Login(t.Context(), s.URL, "mia", kinwire.Password)
	require.ErrorContains(t, err, "certificate")
}
