# Sourced by the other scripts: what they all need to know about the machine.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
die() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

# at_least WANTED GIVEN: true when version GIVEN is WANTED or newer.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# The versions are written down once each, where the tools read them too.
wanted_go() { sed -n 's/^go //p' "$root/go.mod"; }
wanted_node() { sed -n 's/.*"node": *">=\([0-9.]*\)".*/\1/p' "$root/web/package.json"; }

need_go() {
	local wanted have
	wanted=$(wanted_go)
	command -v go >/dev/null || die "Go $wanted or newer is needed and 'go' is not on the PATH: see https://go.dev/doc/install"
	have=$(cd "$root" && go env GOVERSION 2>&1) || die "Go $wanted or newer is needed, and 'go env' says: $have"
	have=${have#go}
	at_least "$wanted" "${have%% *}" || die "Go $wanted or newer is needed, this one is $have ($(command -v go)): see https://go.dev/doc/install"
}

need_node() {
	local wanted have
	wanted=$(wanted_node)
	command -v node >/dev/null || die "Node $wanted or newer is needed to build the web app and 'node' is not on the PATH: see https://nodejs.org/en/download"
	command -v npm >/dev/null || die "npm is needed to build the web app and is not on the PATH; it comes with Node: see https://nodejs.org/en/download"
	have=$(node --version)
	at_least "$wanted" "${have#v}" || die "Node $wanted or newer is needed to build the web app, this one is ${have#v} ($(command -v node))"
}
