package configs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/configs"
)

func TestLoadProviders(t *testing.T) {
	none, err := configs.LoadProviders("")
	require.NoError(t, err)
	require.Empty(t, none)
	list, err := configs.LoadProviders(write(t, `providers:
- {id: google, name: Google, issuer: "https://accounts.google.com", client_id: abc, client_secret: xyz}
- {id: school, name: Our school, issuer: "http://localhost:9000", client_id: abc}
`))
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "xyz", list[0].ClientSecret.Reveal())
	for name, c := range map[string][2]string{
		"unknown key":   {"providers:\n- {id: a, nam: A}", "nam"},
		"bad id":        {"providers:\n- {id: A b, name: A, issuer: \"https://a.example\", client_id: c}", "small letters"},
		"twice":         {"providers:\n- &p {id: a, name: A, issuer: \"https://a.example\", client_id: c}\n- *p", "twice"},
		"no client":     {"providers:\n- {id: a, name: A, issuer: \"https://a.example\"}", "client_id"},
		"plain http":    {"providers:\n- {id: a, name: A, issuer: \"http://a.example\", client_id: c}", "https://"},
		"two documents": {"providers: []\n---\nproviders: []", "more than one"},
	} {
		_, err := configs.LoadProviders(write(t, c[0]))
		require.ErrorContains(t, err, c[1], name)
	}
	_, err = configs.LoadProviders(filepath.Join(t.TempDir(), "none.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestLoadNotice(t *testing.T) {
	none, err := configs.LoadNotice("")
	require.NoError(t, err)
	require.Nil(t, none)
	n, err := configs.LoadNotice(write(t, "version: \"2027-01\"\nsections:\n- {title: What, text: Little.}\n"))
	require.NoError(t, err)
	require.Equal(t, "2027-01", n.Version)
	for name, c := range map[string][2]string{
		"no version":  {"sections:\n- {title: a, text: b}", "version"},
		"no sections": {"version: v", "sections"},
		"no text":     {"version: v\nsections:\n- {title: a}", "no text"},
		"unknown key": {"version: v\nsection: []", "section"},
	} {
		_, err := configs.LoadNotice(write(t, c[0]))
		require.ErrorContains(t, err, c[1], name)
	}
}
