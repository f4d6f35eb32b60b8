import { describe, expect, it } from "vitest";
import { CallData, MAX_DATA_BYTES, parseFrame, type DataMessage } from "../src/data.ts";
import { FakeClock } from "./fakes.ts";
import { FakeChannel } from "./media.ts";

function lines(): {
  data: CallData;
  clock: FakeClock;
  made: FakeChannel[];
  connect(): void;
  wanted(): number;
} {
  const clock = new FakeClock();
  const made: FakeChannel[] = [];
  let wanted = 0;
  const data = new CallData(clock, () => wanted++);
  const make = (label: string, init: RTCDataChannelInit) => {
    const c = new FakeChannel(label, init);
    made.push(c);
    return c as unknown as RTCDataChannel;
  };
  return { data, clock, made, connect: () => data.attach(make), wanted: () => wanted };
}

describe("data lines", () => {
  it("open with the connection, and again with the next", () => {
    const { data, made, connect, wanted } = lines();
    const line = data.open("play");
    const seen: string[] = [];
    line.on("open", () => seen.push("open"));
    line.on("closed", () => seen.push("closed"));
    expect(data.open("play")).toBe(line);
    expect(line.send("x")).toBe(false);
    connect();
    expect(made[0]).toMatchObject({ label: "play", init: { ordered: true } });
    expect(wanted()).toBe(0);
    made[0]!.open();
    expect(line.send("hello")).toBe(true);
    expect(made[0]!.sent).toEqual(["hello"]);
    connect();
    expect(made[0]!.readyState).toBe("closed");
    made[1]!.open();
    data.attach(null);
    expect(line.isOpen).toBe(false);
    expect(seen).toEqual(["open", "closed", "open", "closed"]);
  });

  it("say when there is one more than the connection was made with", () => {
    const { data, made, connect, wanted } = lines();
    connect();
    data.open("strokes", { lossy: true });
    expect(wanted()).toBe(1);
    expect(made[0]!.init).toEqual({ ordered: false, maxRetransmits: 0 });
  });

  it("are opened again when the server closes them, ever later until they hold", async () => {
    const { data, clock, made, connect } = lines();
    const line = data.open("play");
    connect();
    made[0]!.open();
    made[0]!.cut();
    expect(line.isOpen).toBe(false);
    await clock.pass(499);
    expect(made).toHaveLength(1);
    await clock.pass(1);
    made[1]!.open();
    made[1]!.cut();
    await clock.pass(999);
    expect(made).toHaveLength(2);
    await clock.pass(1);
    made[2]!.open();
    made[2]!.hear("\x02p2hi");
    made[2]!.cut();
    await clock.pass(500);
    expect(made).toHaveLength(4);
    made[3]!.cut();
    data.attach(null);
    await clock.pass(60_000);
    expect(made).toHaveLength(4);
  });

  it("give what others send, and who sent it", () => {
    const { data, made, connect } = lines();
    const heard: DataMessage[] = [];
    data.open("play").on("message", (m) => heard.push(m));
    connect();
    made[0]!.hear("\x02p2żółw 🐢");
    made[0]!.hear(new Uint8Array([2, 0x70, 0x33, 1, 2]).buffer);
    made[0]!.hear("\x05p2");
    made[0]!.hear(7);
    expect(heard).toEqual([
      { from: "p2", data: "żółw 🐢" },
      { from: "p3", data: new Uint8Array([1, 2]) },
    ]);
  });

  it("take no frame that is none", () => {
    for (const bad of [
      "",
      "\x00",
      "\x02p",
      "\x80" + "x".repeat(200),
      null,
      new ArrayBuffer(0),
      new Uint8Array([200, 1]).buffer,
    ])
      expect(parseFrame(bad)).toBeNull();
    expect(parseFrame("\x02p2")).toEqual({ from: "p2", data: "" });
  });

  it("send nothing too large, and nothing when too much waits", () => {
    const { data, made, connect } = lines();
    const line = data.open("play");
    connect();
    made[0]!.open();
    expect(line.send("x".repeat(MAX_DATA_BYTES))).toBe(true);
    expect(line.send("x".repeat(MAX_DATA_BYTES + 1))).toBe(false);
    expect(line.send("ż".repeat(MAX_DATA_BYTES / 2))).toBe(true);
    expect(line.send("ż".repeat(MAX_DATA_BYTES / 2 + 1))).toBe(false);
    expect(line.send(new Uint8Array(MAX_DATA_BYTES + 1))).toBe(false);
    made[0]!.bufferedAmount = 256 * 1024;
    expect(line.send("x")).toBe(false);
    expect(made[0]!.sent).toHaveLength(2);
  });
});
