package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"

	"kinwire/configs"
)

// printBanner tells, in a few lines, what a person at the terminal needs.
func printBanner(w io.Writer, cfg *configs.Config, p *planes, http net.Addr) {
	scheme := "http"
	if cfg.HTTP.TLS.CertFile != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(http.String())
	if ip := net.ParseIP(host); err == nil && (ip == nil || ip.IsUnspecified()) {
		host = "localhost"
	}
	fmt.Fprintf(w, "\n  Kinwire   %s://%s\n", scheme, net.JoinHostPort(host, port))
	if p.demo != nil {
		var names []string
		for _, l := range p.demo.Logins {
			names = append(names, fmt.Sprintf("%s %s", l.Avatar, l.Login))
		}
		fmt.Fprintf(w, "  log in    %s   password %s\n", strings.Join(names, "  "), p.demo.Password)
	}
	media := p.sfu.Transport()
	fmt.Fprintf(w, "  ports     media %d/udp", media.UDPPort())
	if t := media.TCPPort(); t != 0 {
		fmt.Fprintf(w, " %d/tcp", t)
	}
	if p.turn != nil {
		fmt.Fprintf(w, ", TURN %s", strings.Join(turnPorts(p), " "))
	}
	fmt.Fprintf(w, "\n  operator  token in %s\n\n", operatorTokenFile(cfg))
}

// turnPorts lists each of the TURN server's ports once, as "3478/udp".
func turnPorts(p *planes) []string {
	var out []string
	seen := map[string]bool{}
	a := p.turn.Addrs()
	for i, list := range [][]netip.AddrPort{a.UDP, a.TCP, a.TLS} {
		for _, addr := range list {
			s := fmt.Sprintf("%d/%s", addr.Port(), []string{"udp", "tcp", "tls"}[i])
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}
