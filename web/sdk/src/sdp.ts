/**
 * Making an offer smaller before it is sent.
 *
 * A browser offers every codec and header extension it knows in every m-section; with slots for fifteen
 * people that is more than the server takes (64 KiB). The copy that goes to the server names only what
 * Kinwire can use. An answer to the smaller copy is an answer to the whole offer too, as an answer may
 * always choose a subset (RFC 3264, section 6.1), so the browser's own description stays as it is.
 */

/** Header extensions that the server makes use of. */
const EXTENSIONS = new Set([
  "urn:ietf:params:rtp-hdrext:sdes:mid",
  "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
  "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
  "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
  "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
]);

/** Codecs by lower-case name: whether a variant with these format parameters is kept. */
const CODECS: Record<string, (fmtp: string) => boolean> = {
  opus: () => true,
  vp8: () => true,
  vp9: (f) => !/profile-id=[1-9]/.test(f),
  h264: (f) => /packetization-mode=1/.test(f) && /profile-level-id=42/i.test(f),
  av1: (f) => !/profile=[1-9]/.test(f),
};

/** Feedback that nothing in Kinwire sends or reads. */
const NO_FEEDBACK = /^a=rtcp-fb:\S+ (goog-remb|ccm tmmbr|rrtr)/;

/** What trimOffer leaves in. */
export interface TrimOptions {
  /** Lower-case name of the only video codec to offer for sending, such as "vp9". Default: all. */
  sendCodec?: string;
}

/** The offer with only those codecs, extensions and feedback that Kinwire knows. */
export function trimOffer(sdp: string, o: TrimOptions = {}): string {
  const [session = "", ...media] = sdp.split(/(?=^m=)/m);
  return session + media.map((section) => trimSection(section, o)).join("");
}

function trimSection(section: string, o: TrimOptions): string {
  const lines = section.split("\r\n");
  const only = lines.includes("a=sendonly") && section.startsWith("m=video") ? o.sendCodec : undefined;
  const keep = payloadsToKeep(lines, only);
  // An m-section must name a format: if nothing known is in it, let the server refuse it as it stands.
  if (keep.size === 0) return section;
  return lines
    .filter((line) => lineStays(line, keep))
    .map((line) => (line.startsWith("m=") ? trimFormats(line, keep) : line))
    .join("\r\n");
}

function payloadsToKeep(lines: string[], only?: string): Set<string> {
  const fmtp = new Map<string, string>();
  for (const line of lines) {
    const m = /^a=fmtp:(\d+) (.*)$/.exec(line);
    if (m) fmtp.set(m[1]!, m[2]!);
  }
  const keep = new Set<string>();
  const repairs: [pt: string, of: string][] = [];
  for (const line of lines) {
    const m = /^a=rtpmap:(\d+) ([^/]+)\//.exec(line);
    if (!m) continue;
    const pt = m[1]!;
    const name = m[2]!.toLowerCase();
    const parameters = fmtp.get(pt) ?? "";
    if (name === "rtx") repairs.push([pt, /apt=(\d+)/.exec(parameters)?.[1] ?? ""]);
    else if (CODECS[name]?.(parameters) && (!only || only === name)) keep.add(pt);
  }
  for (const [pt, of] of repairs) if (keep.has(of)) keep.add(pt);
  return keep;
}

function lineStays(line: string, keep: Set<string>): boolean {
  const payload = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line);
  if (payload) return keep.has(payload[1]!) && !NO_FEEDBACK.test(line);
  const extension = /^a=extmap:\d+(?:\/\w+)? (\S+)/.exec(line);
  return !extension || EXTENSIONS.has(extension[1]!);
}

function trimFormats(line: string, keep: Set<string>): string {
  const [kind, port, profile, ...formats] = line.split(" ");
  return [kind, port, profile, ...formats.filter((f) => keep.has(f))].join(" ");
}
