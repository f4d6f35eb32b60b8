import type { MediaOptions } from "@kinwire/sdk";

const CODECS = ["vp8", "vp9", "h264", "av1"];

/**
 * Reads the page's parameters for tests and support:
 * `relay=1` sends all media through TURN, `codec=VP9` sends video in that codec alone.
 */
export function mediaOptions(search: string): MediaOptions {
  const p = new URLSearchParams(search);
  const o: MediaOptions = {};
  if (p.get("relay") === "1") o.iceTransportPolicy = "relay";
  const codec = p.get("codec")?.toLowerCase();
  if (codec && CODECS.includes(codec)) o.codec = codec;
  return o;
}
