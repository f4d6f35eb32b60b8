import { beforeEach, describe, expect, it } from "vitest";
import { codeOf } from "../src/errors.ts";
import { Signaling, type Connection } from "../src/signaling.ts";
import { FakeClock, FakeServer, settle } from "./fakes.ts";

let clock: FakeClock;
let server: FakeServer;
let states: string[];

function connect(): Signaling {
  const s = new Signaling({ url: "ws://x/v1/ws", token: "t", clock, openSocket: server.open });
  s.on("connection", (c: Connection) => states.push(c.state));
  s.connect();
  return s;
}

const sentTypes = () => server.socket.sent.map((m) => m.type);

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer();
  server.handlers["people.list"] = () => ({ people: [] });
  states = [];
});

describe("a session", () => {
  it("says hello first, then what was asked before it was online", async () => {
    const s = connect();
    const people = s.request("people.list", {});
    await expect(people).resolves.toEqual({ people: [] });
    expect(sentTypes()).toEqual(["hello", "people.list"]);
    expect(server.socket.sent[0]!.data).toMatchObject({ version: 1, token: "t" });
    expect(server.socket.sent[0]!.data).not.toHaveProperty("resume");
    expect(states).toEqual(["online"]);
  });

  it("gives a refusal as a typed error", async () => {
    server.handlers["call.invite"] = () => ({ code: "busy", message: "in another call" });
    const s = connect();
    const refused = await s.request("call.invite", { to: ["u"], video: true }).catch(codeOf);
    expect(refused).toBe("busy");
  });

  it("hands out events by type", async () => {
    const s = connect();
    await settle();
    const seen: unknown[] = [];
    s.on("presence", (p) => seen.push(p));
    server.event("presence", { online: true });
    server.event("something.new", {});
    expect(seen).toEqual([{ online: true }]);
  });

  it("acknowledges in batches", async () => {
    connect();
    await settle();
    for (let i = 0; i < 5; i++) server.event("presence", {});
    expect(sentTypes()).not.toContain("ack");
    await clock.pass(1_000);
    expect(server.socket.sent.filter((m) => m.type === "ack")).toEqual([{ type: "ack", data: { seq: 6 } }]);
    expect(server.kept).toEqual([]);
    for (let i = 0; i < 16; i++) server.event("presence", {});
    expect(server.socket.sent.filter((m) => m.type === "ack").at(-1)!.data).toEqual({ seq: 22 });
  });
});

describe("resume", () => {
  it("gets what was missed, once each, and drops repetitions", async () => {
    const s = connect();
    await settle();
    const seen: number[] = [];
    s.on("presence", (p) => seen.push((p as unknown as { n: number }).n));
    server.event("presence", { n: 1 });
    const first = server.socket;
    first.cut();
    expect(s.state).toBe("reconnecting");
    server.event("presence", { n: 2 }); // to nobody: kept
    await clock.pass(1_000);
    expect(s.state).toBe("online");
    expect(server.socket).not.toBe(first);
    expect(server.socket.sent[0]!.data).toMatchObject({ resume: "r1-1", last_seq: 2 });
    expect(seen).toEqual([1, 2]);
    server.socket.say({ seq: 3, type: "presence", data: { n: 2 } });
    expect(seen).toEqual([1, 2]);
    expect(states).toEqual(["online", "reconnecting", "online"]);
  });

  it("repeats what was not answered with the old id, and it is carried out once", async () => {
    server.silent.add("call.invite");
    const s = connect();
    await settle();
    const reply = s.request("call.invite", { to: ["u"], video: true });
    const id = server.done[0]!.id!;
    server.socket.cut();
    await clock.pass(1_000);
    expect(server.socket.sent.filter((m) => m.type === "call.invite").map((m) => m.id)).toEqual([id]);
    expect(server.done).toHaveLength(1);
    server.reply(id, { call: {} });
    await expect(reply).resolves.toEqual({ call: {} });
  });

  it("sends what was asked in between, in the order of ids", async () => {
    const s = connect();
    await settle();
    server.socket.cut();
    const both = Promise.all([
      s.request("media.mute", { call_id: "c", kind: "audio", muted: true }),
      s.request("media.mute", { call_id: "c", kind: "audio", muted: false }),
    ]);
    await clock.pass(1_000);
    await both;
    expect(server.done.map((m) => m.data?.["muted"])).toEqual([true, false]);
  });

  it("takes the socket up again when a seq is missing", async () => {
    const s = connect();
    await settle();
    server.socket.say({ seq: 7, type: "presence", data: {} });
    expect(s.state).toBe("reconnecting");
    expect(s.lastSeq).toBe(1);
    await clock.pass(1_000);
    expect(s.state).toBe("online");
  });

  it("says hello afresh when the session is gone; waiting requests fail", async () => {
    server.silent.add("call.invite");
    const s = connect();
    await settle();
    const resumed: boolean[] = [];
    s.on("welcome", (w) => resumed.push(w.resumed));
    const reply = s.request("call.invite", { to: ["u"], video: true }).catch(codeOf);
    server.socket.cut();
    server.forget();
    await clock.pass(1_000);
    expect(sentTypes().slice(0, 2)).toEqual(["hello", "hello"]);
    expect(await reply).toBe("resume_gone");
    expect(resumed).toEqual([false]);
    expect(s.lastSeq).toBe(1);
    await expect(s.request("people.list", {})).resolves.toBeDefined();
  });

  it("hears nothing any more from a socket it has left", async () => {
    const s = connect();
    await settle();
    const first = server.socket;
    let seen = 0;
    s.on("presence", () => seen++);
    s.dropSocket();
    first.say({ seq: 2, type: "presence", data: {} });
    first.cut();
    expect(seen).toBe(0);
    await clock.pass(1_000);
    expect(s.state).toBe("online");
    expect(server.sockets).toHaveLength(2);
  });
});

describe("a bad network", () => {
  it("notices a dead socket by silence", async () => {
    const s = connect();
    await settle();
    server.alive = false;
    await clock.pass(11_000);
    expect(s.state).toBe("online");
    await clock.pass(5_000);
    expect(s.state).toBe("reconnecting");
    expect(server.sockets[0]!.closedWith).toBe(4000);
  });

  it("keeps a quiet socket that answers pings", async () => {
    const s = connect();
    await clock.pass(120_000);
    expect(s.state).toBe("online");
    expect(server.sockets).toHaveLength(1);
  });

  it("waits longer after each failure, and at most 15 s", async () => {
    const s = connect();
    await settle();
    server.alive = false;
    const waits: number[] = [];
    s.on("connection", (c) => c.retryInMS !== undefined && waits.push(c.retryInMS));
    server.socket.cut();
    for (let i = 0; i < 8; i++) {
      await clock.pass(waits.at(-1)!);
      server.socket.cut();
    }
    expect(waits.slice(0, 4)).toEqual([225, 450, 900, 1800]);
    expect(waits.at(-1)).toBe(11_250); // three quarters of 15 s, as chance is a half here
  });

  it("gives up on a socket that never gets a welcome", async () => {
    server.alive = false;
    const s = connect();
    await clock.pass(10_000);
    expect(s.state).toBe("reconnecting");
    server.alive = true;
    await clock.pass(1_000);
    expect(s.state).toBe("online");
  });

  it("tries at once when woken, and probes a socket that may be dead", async () => {
    const s = connect();
    await settle();
    server.alive = false;
    s.wake();
    await clock.pass(2_000);
    expect(s.state).toBe("reconnecting");
    server.alive = true;
    s.wake();
    await settle();
    expect(s.state).toBe("online");
  });
});

describe("the end", () => {
  it.each([
    [4002, "closed"],
    [4004, "unauthenticated"],
    [4006, "closed"],
  ])("does not come back after close code %d", async (code, error) => {
    const s = connect();
    await settle();
    let why: Connection | undefined;
    s.on("connection", (c) => (why = c));
    server.socket.cut(code);
    expect(why).toMatchObject({ state: "offline" });
    expect(codeOf(why!.error)).toBe(error);
    await clock.pass(60_000);
    expect(server.sockets).toHaveLength(1);
  });

  it("fails waiting and later requests once closed", async () => {
    server.silent.add("people.list");
    const s = connect();
    await settle();
    const waiting = s.request("people.list", {}).catch(codeOf);
    s.close();
    expect(await waiting).toBe("closed");
    expect(await s.request("people.list", {}).catch(codeOf)).toBe("closed");
    expect(server.socket.closedWith).toBe(1000);
  });

  it("stops when the token is refused", async () => {
    const s = connect();
    server.socket.onsend = (m) => {
      server.socket.say({ re: m.id, error: { code: "unauthenticated", message: "unknown token" } });
    };
    await settle();
    expect(s.state).toBe("offline");
  });
});
