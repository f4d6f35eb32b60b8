import type { ICEServer } from "../proto_gen.ts";

/** How a client reaches a TURN server. */
export type Transport = "udp" | "tcp" | "tls";

/** The transport of a TURN server's address; null for anything else (RFC 7065: UDP is the default, TCP that of turns). */
export function transportOf(url: string): Transport | null {
  const scheme = /^(turns?):/i.exec(url)?.[1]?.toLowerCase();
  if (!scheme) return null;
  const tcp = scheme === "turns" || /[?&]transport=tcp\b/i.test(url);
  // turns with transport=udp would be DTLS, which browsers do not speak.
  if (scheme === "turns") return /[?&]transport=udp\b/i.test(url) ? null : "tls";
  return tcp ? "tcp" : "udp";
}

/** Of these servers only the addresses over that transport, with their credentials. */
export function serversOver(servers: readonly ICEServer[], transport: Transport): RTCIceServer[] {
  return servers.flatMap((s) => {
    const urls = (s.urls ?? []).filter((u) => transportOf(u) === transport);
    if (urls.length === 0) return [];
    return [
      {
        urls,
        ...(s.username && { username: s.username }),
        ...(s.credential && { credential: s.credential }),
      },
    ];
  });
}

/** Leaves in an answer only the candidates over that protocol (RFC 8839, section 5.1), and counts them. */
export function onlyOver(sdp: string, protocol: "udp" | "tcp"): { sdp: string; left: number } {
  let left = 0;
  const lines = sdp.split("\r\n").filter((line) => {
    const m = /^a=candidate:\S+ \d+ (\S+) /i.exec(line);
    if (!m) return true;
    const stays = m[1]!.toLowerCase() === protocol;
    if (stays) left++;
    return stays;
  });
  return { sdp: lines.join("\r\n"), left };
}

/** "host:port" of the check's STUN servers as addresses for a browser. */
export function stunURLs(hosts: readonly string[]): string[] {
  return hosts.map((host) => (/^stun:/i.test(host) ? host : `stun:${host}`));
}
