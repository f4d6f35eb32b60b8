import { Peers } from "./peers.ts";

/**
 * Real participants for tests written in another language: a Node process that takes commands on stdin and
 * answers on stdout, a JSON object a line.
 *
 *     node --experimental-websocket web/node_modules/.kinwire-peer/peer.js
 *
 *     → {"id": 1, "peer": "mia-1", "do": "start", "url": "http://127.0.0.1:8080", "user": "mia", "password": "…"}
 *     ← {"id": 1, "out": {"user_id": "…", "device_id": "md_…"}}
 *     → {"id": 2, "peer": "mia-1", "do": "direct", "user": "u_…"}
 *     ← {"id": 2, "out": {"id": "g_…", …}}
 *     → {"id": 3, "peer": "mia-1", "do": "send", "conversation": "g_…", "content": {"kind": "text", "text": "hello"}}
 *     ← {"id": 3, "out": {"id": "u_…/…", "status": "waiting", …}}
 *     ← {"peer": "mia-1", "event": "changed", "data": {…}}
 *
 * One process has as many peers as are started. Each is a device; its vault is in memory and outlives "stop",
 * so that a later "start" of the same name is the same device come back. A command that fails is answered with
 * {"id", "error": {"code", "message"}}. The commands are in peers.ts. Commands of one peer may overlap. The
 * process ends with its stdin.
 */
const peers = new Peers((line) => process.stdout.write(`${JSON.stringify(line)}\n`));
let rest = "";

process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop()!;
  for (const line of lines) if (line.trim() !== "") peers.take(line);
});
process.stdin.on("end", () => void peers.close().finally(() => process.exit(0)));
