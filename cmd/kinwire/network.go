package main

import (
	"context"
	"strings"
	"time"

	"kinwire/configs"
	"kinwire/sfu"
	"kinwire/signaling"
	"kinwire/signaling/netcheck"
	"kinwire/signaling/proto"
	callrecords "kinwire/signaling/records"
	"kinwire/turn"
)

// checkCredentials is how long the TURN credentials of a network check are good:
// the whole check, twice over.
const checkCredentials = 2 * time.Minute

// networkParts are what the people who keep calls good work with.
func (p *planes) networkParts(cfg *configs.Config) signaling.Network {
	calls := callrecords.New(callrecords.Deps{Store: p.store, Live: records{p.recorder}, Log: p.log, Now: time.Now})
	return signaling.Network{
		CallLists: calls, Pseudonyms: calls, NetChecks: p.netcheck,
		Node: newNode(p, cfg, p.started, p.reloads.NodeConfig).State,
	}
}

// newNetCheck makes the checks of clients' networks, on the SFU and on TURN
// with credentials of their own.
func (p *planes) newNetCheck(cfg *configs.Config, secret []byte) *netcheck.Service {
	d := netcheck.Deps{Media: checkPlane{p.sfu}, ICE: checkServers{}, Log: p.log, Now: time.Now}
	if p.turn != nil {
		urls := p.turn.URLs()
		d.ICE = checkServers{iceServers{creds: turn.NewCredentials(secret, checkCredentials, time.Now), urls: urls}}
		d.STUN = stunAddresses(urls)
	}
	return netcheck.New(netcheck.Config(cfg.NetCheck), d)
}

// stunAddresses are the host:port where TURN listens over UDP: it answers STUN
// there too.
func stunAddresses(urls []string) (list []string) {
	for _, u := range urls {
		if at, udp := strings.CutSuffix(strings.TrimPrefix(u, "turn:"), "?transport=udp"); udp {
			list = append(list, at)
		}
	}
	return list
}

// checkServers hands out ICE servers to a check instead of to a person.
type checkServers struct{ iceServers }

func (s checkServers) ICEServers(checkID string) []proto.ICEServer {
	return s.iceServers.ICEServers(netcheck.RoomPrefix+checkID, "")
}

// checkPlane shows the SFU to the checks: peers without media.
type checkPlane struct{ sfu *sfu.Server }

func (m checkPlane) Join(ctx context.Context, room, peer, offer string) (string, error) {
	a, err := m.sfu.Join(ctx, room, peer, offer, nil)
	return a.SDP, mediaError(err)
}

func (m checkPlane) EndRoom(room string) { m.sfu.EndRoom(room) }
