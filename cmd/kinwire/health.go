package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"kinwire/configs"
)

func healthCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "health [--config FILE] [--KEY VALUE …]",
		Short: "Ask the server on this machine whether it is ready",
		Long: `Asks /readyz of the server that runs on this machine with the same
configuration, for container health checks and service managers. Exit code 0
when it is ready, 1 when it is not or does not answer.`,
		Args: cobra.NoArgs,
	}
	flags := addConfigFlags(cmd, true)
	cmd.Flags().DurationVar(&timeout, "timeout", 3*time.Second, "how long to wait for the answer")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := flags.load()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
		defer cancel()
		if err := checkReady(ctx, cfg.HTTP); err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "ready")
		return err
	}
	return cmd
}

// checkReady asks the server behind c's listening address for /readyz.
func checkReady(ctx context.Context, c configs.HTTP) error {
	url, err := readyURL(c)
	if err != nil {
		return err
	}
	transport := &http.Transport{
		// The certificate bears the public name, which is not what is dialled
		// here; nothing is sent, and only ready or not comes back.
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("asking %s: %w", url, err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("asking %s: %w", url, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s: not ready, status %s", url, resp.Status)
	}
	return nil
}

// readyURL is where a server with this configuration answers on this machine.
func readyURL(c configs.HTTP) (string, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "", fmt.Errorf("http.listen %q: %w", c.Listen, err)
	}
	if port == "0" {
		return "", errors.New("http.listen has port 0, any free port: give the one that the server printed with --http.listen")
	}
	if addr, err := netip.ParseAddr(host); host == "" || (err == nil && addr.IsUnspecified()) {
		host = "localhost"
	}
	scheme := "http"
	if c.TLS.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/readyz", nil
}
