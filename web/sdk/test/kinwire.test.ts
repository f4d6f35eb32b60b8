import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Call } from "../src/call.ts";
import { codeOf, missingOf } from "../src/errors.ts";
import { Kinwire } from "../src/kinwire.ts";
import type { CallView, Participant } from "../src/proto_gen.ts";
import { FakeClock, FakeServer, settle } from "./fakes.ts";
import { devices, FakeConnection, FakeTrack } from "./media.ts";

const person = (id: string) => ({
  id,
  name: id.toUpperCase(),
  avatar: "🦊",
  role: "child" as const,
  family: "F",
});
const me = person("me");
const part = (id: string, phase: Participant["phase"]): Participant => ({
  id: `p-${id}`,
  person: person(id),
  phase,
});

function view(o: Partial<CallView> = {}): CallView {
  return {
    call_id: "c1",
    phase: "ringing",
    video: true,
    caller: "me",
    you: "p-me",
    started_at: 1,
    participants: [part("me", "accepted"), part("leo", "invited")],
    ...o,
  };
}

let clock: FakeClock;
let server: FakeServer;
let pcs: FakeConnection[];

async function start(): Promise<Kinwire> {
  const k = new Kinwire({
    url: "ws://x",
    token: "t",
    clock,
    openSocket: server.open,
    media: {
      createConnection: () => {
        pcs.push(new FakeConnection());
        return pcs.at(-1) as unknown as RTCPeerConnection;
      },
    },
  });
  k.connect();
  await settle();
  return k;
}

const slots = (rev: number, list: [string, string, "audio" | "video" | "screen"][], o = {}) => ({
  call_id: "c1",
  rev,
  slots: list.map(([mid, participant_id, kind]) => ({ mid, participant_id, kind })),
  missing_audio: 0,
  missing_video: 0,
  ...o,
});

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer();
  pcs = [];
  server.welcome = { me, people: [{ person: person("leo"), online: true, in_call: false }], calls: [] };
  server.handlers["call.invite"] = () => ({ call: view(), ice_servers: [] });
  server.handlers["call.accept"] = () => ({
    call: view({ caller: "leo" }),
    ice_servers: [{ urls: ["turn:x"] }],
  });
  server.handlers["call.join"] = () => ({
    call: view(),
    sdp: "answer",
    slots: slots(1, []),
    ice_servers: [],
  });
  server.handlers["media.offer"] = () => ({ sdp: "answer2", slots: slots(3, []) });
});

describe("Kinwire", () => {
  it("knows who is there", async () => {
    const k = await start();
    expect(k.me).toEqual(me);
    expect(k.people.map((p) => [p.person.id, p.online])).toEqual([["leo", true]]);
    server.event("presence", { person: person("leo"), online: false, in_call: false });
    expect(k.people[0]!.online).toBe(false);
  });

  it("rings for calls that come, and for those that rang before it was there", async () => {
    const ringing = view({ caller: "leo", participants: [part("leo", "joined"), part("me", "invited")] });
    server.welcome["calls"] = [ringing];
    const rings: Call[] = [];
    const k = new Kinwire({ url: "ws://x", token: "t", clock, openSocket: server.open });
    k.on("incoming", (c) => rings.push(c));
    k.connect();
    await settle();
    server.event("call.incoming", { call: { ...ringing, call_id: "c2" } });
    server.event("call.incoming", { call: { ...ringing, call_id: "c2" } });
    expect(rings.map((c) => [c.id, c.outgoing])).toEqual([
      ["c1", false],
      ["c2", false],
    ]);
  });

  it("says that a call rings here, once for each", async () => {
    const k = await start();
    const ringing = view({ caller: "leo", participants: [part("leo", "joined"), part("me", "invited")] });
    server.event("call.incoming", { call: ringing });
    server.event("call.incoming", { call: ringing });
    expect(server.done.filter((m) => m.type === "call.ringing").map((m) => m.data)).toEqual([
      { call_id: "c1" },
    ]);
    expect(k.calls).toHaveLength(1);
  });

  it("rings for a call that rang on this device before the session broke", async () => {
    server.welcome["calls"] = [
      view({ caller: "leo", participants: [part("leo", "joined"), part("me", "ringing")] }),
    ];
    expect((await start()).calls.map((c) => c.id)).toEqual(["c1"]);
  });

  it("tells of a call that waits while another goes on", async () => {
    const k = await start();
    await k.call(["leo"], { video: false });
    const waiting: boolean[] = [];
    k.on("incoming", (c) => waiting.push(c.view.waiting ?? false));
    const participants = [part("mum", "joined"), part("me", "invited")];
    server.event("call.incoming", {
      call: view({ call_id: "c2", caller: "mum", waiting: true, participants }),
    });
    expect(waiting).toEqual([true]);
    expect(k.calls).toHaveLength(2);
  });

  it("tells how everybody's connection is, and forgets who is not measured any more", async () => {
    const call = await (await start()).call(["leo"], { video: true });
    const heard: string[][] = [];
    call.on("quality", (q) => heard.push([...q.values()].map((c) => `${c.participant_id} ${c.level}`)));
    const people = [
      { participant_id: "p-me", level: "good", mos: 4.3 },
      { participant_id: "p-leo", level: "poor", mos: 2, where: "uplink", why: "loss" },
    ];
    server.event("media.quality", { call_id: "c1", people });
    server.event("media.quality", { call_id: "c1", people: people.slice(0, 1) });
    server.event("media.quality", { call_id: "another", people });
    expect(heard).toEqual([["p-me good", "p-leo poor"], ["p-me good"]]);
    expect(call.quality.get("p-leo")).toBeUndefined();
    expect(call.quality.get("p-me")?.mos).toBe(4.3);
  });

  it("keeps the server's order of people", async () => {
    const seen = (id: string) => ({ person: person(id), online: false, in_call: false });
    server.welcome["people"] = [seen("zoe"), seen("ada")];
    const k = await start();
    server.event("presence", { ...seen("zoe"), online: true });
    server.event("presence", seen("ben"));
    expect(k.people.map((p) => p.person.id)).toEqual(["zoe", "ada", "ben"]);
  });

  it("asks for people again when friends change, and lets the last answer count", async () => {
    const k = await start();
    const heard: string[] = [];
    k.on("friends", () => heard.push("friends"));
    k.on("family", () => heard.push("family"));
    k.on("people", (p) => heard.push(p.map((x) => x.person.id).join()));
    server.silent.add("people.list");
    server.event("friends.changed", {});
    server.event("friends.changed", {});
    server.event("family.changed", {});
    const [first, second] = server.done.filter((m) => m.type === "people.list");
    server.reply(second!.id!, { people: [{ person: person("new"), online: true, in_call: false }] });
    server.reply(first!.id!, { people: [{ person: person("old"), online: true, in_call: false }] });
    await settle();
    expect(heard).toEqual(["friends", "friends", "family", "new"]);
    expect(k.people.map((p) => p.person.id)).toEqual(["new"]);
  });

  it("warns that a call will be ended", async () => {
    const k = await start();
    const call = await k.call(["leo"], { video: false });
    const warned = vi.fn();
    k.on("warning", ({ call, warning }) => warned(call.id, warning.ends_at));
    const warning = { call_id: "c1", reason: "quiet_hours", ends_at: 7 };
    server.event("call.warning", warning);
    server.event("call.warning", { ...warning, call_id: "c9" });
    expect(warned.mock.calls).toEqual([["c1", 7]]);
    expect(call.warning).toEqual(warning);
  });

  it("throws what is missing when not everybody may meet", async () => {
    const missing = [{ a: { name: "Ana" }, b: { name: "Ben" }, need: "a", text: "…" }];
    server.handlers["call.invite"] = () => ({ code: "not_approved", message: "no", missing });
    const k = await start();
    expect(await k.call(["a", "b"], { video: true }).catch(missingOf)).toEqual(missing);
  });

  it("answers the call that comes when both call each other", async () => {
    const k = await start();
    let incoming: Call | undefined;
    k.on("incoming", (c) => (incoming = c));
    const theirs = view({ caller: "leo", participants: [part("leo", "joined"), part("me", "invited")] });
    server.event("call.incoming", { call: theirs });
    server.handlers["call.invite"] = () => ({ call: { ...theirs, phase: "connecting" }, ice_servers: [] });
    const call = await k.call(["leo"], { video: true });
    expect(call).toBe(incoming);
    expect(call.entered).toBe(true);
  });

  it("hangs up when it is closed", async () => {
    const k = await start();
    const call = await k.call(["leo"], { video: false });
    await settle();
    k.close();
    expect(call.ended).toBe("cancelled");
    expect(server.done.at(-1)).toMatchObject({ type: "call.hangup", data: { call_id: "c1" } });
    expect(server.socket.closedWith).toBe(1000);
  });

  it("lets calls go that a new session does not list", async () => {
    const k = await start();
    const call = await k.call(["leo"], { video: false });
    await settle();
    server.socket.cut();
    server.forget();
    await clock.pass(1_000);
    expect(call.ended).toBe("lost");
    expect(k.calls).toEqual([]);
  });

  it("joins anew a call that a new session still lists", async () => {
    const k = await start();
    const call = await k.call(["leo"], { video: false });
    await settle();
    server.welcome["calls"] = [view({ phase: "connected" })];
    server.socket.cut();
    server.forget();
    await clock.pass(1_000);
    expect(call.ended).toBeNull();
    expect(pcs).toHaveLength(2);
    expect(pcs[0]!.closed).toBe(true);
    expect(server.done.filter((m) => m.type === "call.join")).toHaveLength(2);
  });
});

describe("a call", () => {
  async function joined(): Promise<{ k: Kinwire; call: Call; pc: FakeConnection }> {
    const k = await start();
    const call = await k.call(["leo"], { video: true });
    await settle();
    return { k, call, pc: pcs[0]! };
  }
  const last = (type: string) => server.done.filter((m) => m.type === type).at(-1)?.data;

  it("offers three sources and slots for everybody, in one request", async () => {
    const { pc } = await joined();
    expect(pc.transceivers.map((t) => `${t.kind} ${t.direction}`)).toEqual([
      "audio sendonly",
      "video sendonly",
      "video sendonly",
      "audio recvonly",
      "video recvonly",
      "video recvonly",
    ]);
    const sources = last("call.join")!["sources"] as { kind: string; mid: string }[];
    expect(sources.map((s) => `${s.kind} ${s.mid}`)).toEqual(["audio 0", "video 1", "screen 2"]);
    expect(pc.remote).toBe("answer");
  });

  it("tells of tracks as slots come and go, and ignores an older mapping", async () => {
    const { call } = await joined();
    const seen: string[] = [];
    call.on("track", (t) => seen.push(`+${t.participantID} ${t.kind} ${t.mid}`));
    call.on("trackended", (t) => seen.push(`-${t.participantID} ${t.kind}`));
    server.event(
      "media.slots",
      slots(4, [
        ["3", "p-leo", "audio"],
        ["4", "p-leo", "video"],
      ]),
    );
    server.event("media.slots", slots(3, []));
    server.event("media.slots", slots(5, [["3", "p-leo", "audio"]]));
    expect(seen).toEqual(["+p-leo audio 3", "+p-leo video 4", "-p-leo video"]);
  });

  it("offers again with as many slots more as are missing", async () => {
    const { pc } = await joined();
    server.event("media.slots", slots(2, [], { missing_audio: 2, missing_video: 1 }));
    await settle();
    expect(pc.transceivers).toHaveLength(9);
    expect(server.done.filter((m) => m.type === "media.offer")).toHaveLength(1);
    expect(pc.remote).toBe("answer2");
  });

  it("offers data with the first offer if a line is asked for in time, else again", async () => {
    const { call, pc } = await joined();
    expect(last("call.join")!["sdp"]).not.toContain("m=application");
    const line = call.data.open("play");
    await settle();
    expect(last("media.offer")!["sdp"]).toContain("m=application");
    call.data.open("strokes");
    await settle();
    expect(server.done.filter((m) => m.type === "media.offer")).toHaveLength(1);
    pc.channels[0]!.open();
    expect(line.send("hello")).toBe(true);

    // A new session joins anew, with the same lines.
    server.welcome["calls"] = [view({ phase: "connected" })];
    server.socket.cut();
    server.forget();
    await clock.pass(1_000);
    expect(line.isOpen).toBe(false);
    expect(last("call.join")!["sdp"]).toContain("m=application");
    pcs[1]!.channels[0]!.open();
    expect(line.isOpen).toBe(true);
    await call.hangup();
    expect(line.isOpen).toBe(false);
  });

  it("restarts ICE when the link fails", async () => {
    const { call, pc } = await joined();
    const states: string[] = [];
    call.on("media", (m) => states.push(m));
    pc.become("connected");
    pc.become("disconnected");
    await clock.pass(2_000);
    expect(pc.restarts).toBe(1);
    expect(server.done.filter((m) => m.type === "media.offer")).toHaveLength(1);
    pc.become("connected");
    await clock.pass(60_000);
    expect(pc.restarts).toBe(1);
    expect(states).toEqual(["up", "shaky", "up"]);
  });

  it("takes back an offer that was refused, and lives", async () => {
    const { call, pc } = await joined();
    server.handlers["media.offer"] = () => ({ code: "unavailable", message: "later" });
    pc.become("failed");
    await clock.pass(0);
    expect(pc.signalingState).toBe("stable");
    expect(call.ended).toBeNull();
  });

  it("is lost when the server says we are not in it any more", async () => {
    const { call, pc } = await joined();
    server.handlers["media.offer"] = () => ({ code: "not_found", message: "no such call" });
    pc.become("failed");
    await clock.pass(0);
    expect(call.ended).toBe("lost");
    expect(pc.closed).toBe(true);
  });

  const mutes = () =>
    server.done.filter((m) => m.type === "media.mute").map((m) => `${m.data!["kind"]} ${m.data!["muted"]}`);

  it("tells the server of each switch once", async () => {
    const { call, pc } = await joined();
    expect(last("call.join")!["sources"]).toMatchObject([
      { muted: false },
      { muted: false },
      { muted: true },
    ]);
    await call.local.setMicrophone(false);
    await call.local.setMicrophone(false);
    expect(mutes()).toEqual(["audio true"]);
    expect((pc.transceivers[0]!.sender.track as FakeTrack).enabled).toBe(false);
    await call.local.setMicrophone(true);
    expect(mutes()).toEqual(["audio true", "audio false"]);
  });

  it("lets go of a camera that is off, and opens it again", async () => {
    const { call, pc } = await joined();
    const camera = pc.transceivers[1]!.sender.track as FakeTrack;
    await call.local.setCamera(false);
    expect(camera.stopped).toBe(true);
    expect(pc.transceivers[1]!.sender.track).toBeNull();
    await call.local.setCamera(true);
    expect(pc.transceivers[1]!.sender.track).toBeInstanceOf(FakeTrack);
    expect(mutes()).toEqual(["video true", "video false"]);
  });

  it("shares the screen without a new offer until it is stopped, here or by the browser", async () => {
    const { call, pc } = await joined();
    expect(await call.local.shareScreen()).toBe(true);
    const screen = pc.transceivers[2]!.sender.track as FakeTrack;
    screen.onended!();
    await settle();
    expect(mutes()).toEqual(["screen false", "screen true"]);
    expect(pc.transceivers[2]!.sender.track).toBeNull();
    devices.refuse.add("screen");
    expect(await call.local.shareScreen()).toBe(false);
    expect(server.done.filter((m) => m.type === "media.offer")).toEqual([]);
  });

  it("opens no camera where a parent has switched video off", async () => {
    const opened = devices.opened.length;
    server.handlers["call.invite"] = () => ({ call: view({ no_video: true }), ice_servers: [] });
    const join = server.handlers["call.join"]!;
    server.handlers["call.join"] = (data) => ({ ...(join(data) as object), call: view({ no_video: true }) });
    const { call, pc } = await joined();
    expect(call.noVideo).toBe(true);
    expect(devices.opened.slice(opened).map((t) => t.kind)).toEqual(["audio"]);
    expect(pc.transceivers[1]!.sender.track).toBeNull();
    expect(await call.local.setCamera(true).catch(codeOf)).toBe("not_allowed");
    expect(await call.local.shareScreen().catch(codeOf)).toBe("not_allowed");
    expect(call.local.muted("video")).toBe(true);
  });

  it("lets go of camera and screen when a parent switches video off in mid-call", async () => {
    const { call, pc } = await joined();
    await call.local.shareScreen();
    const camera = pc.transceivers[1]!.sender.track as FakeTrack;
    const screen = pc.transceivers[2]!.sender.track as FakeTrack;
    server.event("call.state", { call: view({ phase: "connected", no_video: true }) });
    await settle();
    expect([camera.stopped, screen.stopped]).toEqual([true, true]);
    expect(mutes()).toEqual(expect.arrayContaining(["video true", "screen true"]));
    server.event("call.state", { call: view({ phase: "connected" }) });
    expect(call.local.track("video")).toBeNull();
    await call.local.setCamera(true);
    expect(pc.transceivers[1]!.sender.track).toBeInstanceOf(FakeTrack);
  });

  it("drops a camera that opens only after video was switched off", async () => {
    const k = await start();
    const call = await k.call(["leo"], { video: true });
    server.event("call.state", { call: view({ no_video: true }) });
    await settle();
    expect(call.local.track("video")).toBeNull();
    expect(devices.opened.filter((t) => t.kind === "video" && !t.stopped)).toEqual([]);
  });

  it("rings more people", async () => {
    const { call } = await joined();
    await call.add(["ben"]);
    expect(last("call.add")).toEqual({ call_id: "c1", to: ["ben"] });
  });

  it("goes on with the voice when there is no camera, and says so", async () => {
    devices.refuse.add("video");
    const k = await start();
    const problems: string[] = [];
    k.on("calls", (calls) => calls[0]?.on("problem", (e) => problems.push(e.code)));
    const call = await k.call(["leo"], { video: true });
    await settle();
    expect(problems).toEqual(["no_device"]);
    expect([call.local.muted("audio"), call.local.muted("video")]).toEqual([false, true]);
    expect(mutes().concat(JSON.stringify(last("call.join")!["sources"]))).toContainEqual(
      expect.stringMatching(/video true|"video","mid":"1","muted":true/),
    );
  });

  it("lets go of every device at the end", async () => {
    const { call } = await joined();
    await call.local.shareScreen();
    await call.hangup();
    expect(devices.opened).toHaveLength(3);
    expect(devices.opened.every((t) => t.stopped)).toBe(true);
  });

  it("reports what getStats says every two seconds", async () => {
    const { pc } = await joined();
    pc.become("connected");
    await clock.pass(4_000);
    expect(server.done.filter((m) => m.type === "stats.report").map((m) => m.data)).toEqual([
      { call_id: "c1", path: {}, streams: [] },
      { call_id: "c1", path: {}, streams: [] },
    ]);
  });

  it("follows participants and ends with the reason that the server gives", async () => {
    const { call } = await joined();
    const ended = vi.fn();
    call.on("ended", ended);
    server.event("call.participant", { call_id: "c1", participant: part("leo", "joined") });
    expect(call.others[0]!.phase).toBe("joined");
    server.event("call.state", { call: view({ phase: "ended", reason: "declined" }) });
    server.event("call.state", { call: view({ phase: "ended", reason: "lost" }) });
    expect(ended.mock.calls).toEqual([["declined"]]);
    expect(pcs[0]!.closed).toBe(true);
  });

  it("ends for us when our own place is gone, though others go on", async () => {
    const { call } = await joined();
    const own = { ...part("me", "left"), reason: "elsewhere" as const };
    server.event("call.participant", { call_id: "c1", participant: own });
    expect(call.ended).toBe("elsewhere");
  });

  it("is cancelled by the caller while it rings, and hung up later", async () => {
    const { call } = await joined();
    await call.hangup();
    expect(call.ended).toBe("cancelled");
    expect(last("call.hangup")).toEqual({ call_id: "c1" });
    await call.hangup();
    expect(server.done.filter((m) => m.type === "call.hangup")).toHaveLength(1);
  });

  it("answers with fresh ICE servers, and fails in plain words when it is too late", async () => {
    const k = await start();
    const ringing = view({ caller: "leo", participants: [part("leo", "joined"), part("me", "invited")] });
    server.event("call.incoming", { call: ringing });
    await k.calls[0]!.accept();
    await settle();
    expect(pcs).toHaveLength(1);
    server.handlers["call.accept"] = () => ({ code: "not_found", message: "over" });
    server.event("call.incoming", { call: { ...ringing, call_id: "c2" } });
    const late = k.calls.find((c) => c.id === "c2")!;
    expect(await late.accept().catch(codeOf)).toBe("not_found");
    expect(late.ended).toBe("cancelled");
  });

  it("fails when the offer is refused", async () => {
    server.handlers["call.join"] = () => ({ code: "codec_unsupported", message: "no codec in common" });
    const { call } = await joined();
    expect(call.ended).toBe("failed");
    expect(last("call.hangup")).toEqual({ call_id: "c1" });
  });
});
