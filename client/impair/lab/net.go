package lab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"github.com/pion/transport/v4"
)

// DialContext connects from the host. Names are looked up in the root namespace.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return h.dial(ctx, &net.Dialer{}, network, address)
}

func (h *Host) dial(ctx context.Context, d *net.Dialer, network, address string) (c net.Conn, err error) {
	if address, err = literal(ctx, address); err != nil {
		return nil, err
	}
	err = h.Do(func() (err error) { c, err = d.DialContext(ctx, network, address); return })
	return c, err
}

// literal looks the name in an address up. With a literal address a dial makes all
// its sockets in its own goroutine.
func literal(ctx context.Context, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("lab: address %q: %w", address, err)
	}
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return address, nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
	if err != nil {
		return "", fmt.Errorf("lab: address %q: %w", address, err)
	}
	return net.JoinHostPort(found[0].Unmap().String(), port), nil
}

// Listen listens for streams in the host.
func (h *Host) Listen(ctx context.Context, network, address string) (l net.Listener, err error) {
	err = h.Do(func() (err error) { l, err = (&net.ListenConfig{}).Listen(ctx, network, address); return })
	return l, err
}

// ListenPacket listens for packets in the host.
func (h *Host) ListenPacket(ctx context.Context, network, address string) (c net.PacketConn, err error) {
	err = h.Do(func() (err error) { c, err = (&net.ListenConfig{}).ListenPacket(ctx, network, address); return })
	if u, ok := c.(*net.UDPConn); ok && err == nil {
		err = roomy(u)
	}
	return c, err
}

// HTTPClient makes requests from the host, each on a connection of its own, so that
// nothing is left of one when the host moves. It has no time limit.
func (h *Host) HTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: h.DialContext, DisableKeepAlives: true}}
}

// Net is the host's network for pion, and so for client.MediaOptions.Net.
func (h *Host) Net() transport.Net { return &hostNet{h} }

type hostNet struct{ h *Host }

var _ transport.Net = (*hostNet)(nil)

func (n *hostNet) ListenPacket(network, address string) (net.PacketConn, error) {
	return n.h.ListenPacket(context.Background(), network, address)
}

func (n *hostNet) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	var c *net.UDPConn
	err := n.h.Do(func() (err error) { c, err = net.ListenUDP(network, at); return })
	if err == nil {
		err = roomy(c)
	}
	if err != nil {
		return nil, err // and not a nil pointer in an interface
	}
	return c, nil
}

func (n *hostNet) ListenTCP(network string, at *net.TCPAddr) (transport.TCPListener, error) {
	var l *net.TCPListener
	err := n.h.Do(func() (err error) { l, err = net.ListenTCP(network, at); return })
	if err != nil {
		return nil, err
	}
	return tcpListener{l}, nil
}

type tcpListener struct{ *net.TCPListener }

func (l tcpListener) AcceptTCP() (transport.TCPConn, error) { return l.TCPListener.AcceptTCP() }

func (n *hostNet) Dial(network, address string) (net.Conn, error) {
	return n.h.DialContext(context.Background(), network, address)
}

func (n *hostNet) DialUDP(network string, from, to *net.UDPAddr) (transport.UDPConn, error) {
	var c *net.UDPConn
	err := n.h.Do(func() (err error) { c, err = net.DialUDP(network, from, to); return })
	if err == nil {
		err = roomy(c)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (n *hostNet) DialTCP(network string, from, to *net.TCPAddr) (transport.TCPConn, error) {
	var c *net.TCPConn
	err := n.h.Do(func() (err error) { c, err = net.DialTCP(network, from, to); return })
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (n *hostNet) ResolveIPAddr(network, address string) (*net.IPAddr, error) {
	return net.ResolveIPAddr(network, address)
}

func (n *hostNet) ResolveUDPAddr(network, address string) (*net.UDPAddr, error) {
	return net.ResolveUDPAddr(network, address)
}

func (n *hostNet) ResolveTCPAddr(network, address string) (*net.TCPAddr, error) {
	return net.ResolveTCPAddr(network, address)
}

// Interfaces are the host's devices as they are now: after a move an ICE restart
// finds the new address.
func (n *hostNet) Interfaces() ([]*transport.Interface, error) {
	var out []*transport.Interface
	err := n.h.Do(func() error {
		all, err := net.Interfaces()
		if err != nil {
			return err
		}
		for _, one := range all {
			addrs, err := one.Addrs()
			if err != nil {
				return err
			}
			i := transport.NewInterface(one)
			for _, a := range addrs {
				i.AddAddress(a)
			}
			out = append(out, i)
		}
		return nil
	})
	return out, err
}

func (n *hostNet) InterfaceByIndex(index int) (*transport.Interface, error) {
	return n.find(func(i *transport.Interface) bool { return i.Index == index })
}

func (n *hostNet) InterfaceByName(name string) (*transport.Interface, error) {
	return n.find(func(i *transport.Interface) bool { return i.Name == name })
}

func (n *hostNet) find(f func(*transport.Interface) bool) (*transport.Interface, error) {
	all, err := n.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		if f(i) {
			return i, nil
		}
	}
	return nil, transport.ErrInterfaceNotFound
}

func (n *hostNet) CreateDialer(d *net.Dialer) transport.Dialer { return dialer{n.h, d} }

type dialer struct {
	h *Host
	d *net.Dialer
}

func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.h.dial(context.Background(), d.d, network, address)
}

func (n *hostNet) CreateListenConfig(c *net.ListenConfig) transport.ListenConfig {
	return listenConfig{n.h, c}
}

type listenConfig struct {
	h *Host
	c *net.ListenConfig
}

func (c listenConfig) Listen(ctx context.Context, network, address string) (l net.Listener, err error) {
	err = c.h.Do(func() (err error) { l, err = c.c.Listen(ctx, network, address); return })
	return l, err
}

func (c listenConfig) ListenPacket(ctx context.Context, network, address string) (p net.PacketConn, err error) {
	err = c.h.Do(func() (err error) { p, err = c.c.ListenPacket(ctx, network, address); return })
	return p, err
}
