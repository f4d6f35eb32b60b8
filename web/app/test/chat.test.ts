import { Emitter, KinwireError, type Missing } from "@kinwire/sdk";
import type { ChatLike, Content, ConversationView, Message, SystemLine } from "@kinwire/sdk/chat";
import { afterEach, describe, expect, it, vi } from "vitest";
import { onlyEmoji } from "../src/chat/bubble.ts";
import { DRAWINGS, isDrawing } from "../src/chat/drawings.ts";
import { chatError, problemText, shutText } from "../src/chat/errors.ts";
import { cleanGIF, sizeOfGIF } from "../src/chat/gif.ts";
import { daysAgo, layout, merge } from "../src/chat/layout.ts";
import { lostText, markOf } from "../src/chat/marks.ts";
import { missingWrite } from "../src/chat/missing.ts";
import { joinTitle, nameOf, splitTitle } from "../src/chat/names.ts";
import { fit } from "../src/chat/photo.ts";
import { lineText, preview, staysText, TIMES } from "../src/chat/preview.ts";
import { Messages, unreadOf } from "../src/chat/session.ts";
import { refOf, shownOf, SHELVES, stickerName } from "../src/chat/stickers.ts";
import { BARS, barsOf, fitBars, loudness, TOP } from "../src/chat/wave.ts";
import { readEvidence } from "../src/ops/evidence.ts";
import { useLanguage, words } from "../src/words.ts";

const NOON = new Date(2026, 4, 10, 12).getTime();
const MINUTE = 60_000;
const DAY = 86_400_000;

const person = (id: string, name: string) => ({ id, name, avatar: "🐼", role: "child" as const, family: "" });
const leo = { person: person("u_leo", "Leo"), reachable: true, verified: "no" as const };
const ola = { person: person("u_ola", "Ola"), reachable: true, verified: "no" as const };

let orders = 0;
function message(o: Partial<Message> = {}): Message {
  const order = ++orders;
  return {
    id: `u/${order}`,
    conversationID: "g",
    senderID: "u_leo",
    mine: false,
    at: NOON,
    order,
    content: { kind: "text", text: "hello" },
    status: "received",
    deliveredTo: [],
    openedBy: [],
    reactions: {},
    ...o,
  };
}

function conversation(o: Partial<ConversationView> = {}): ConversationView {
  return {
    id: "g",
    kind: "direct",
    title: "",
    people: [leo],
    createdBy: "u_me",
    shut: undefined,
    out: false,
    ready: true,
    last: undefined,
    lastAt: 0,
    unread: 0,
    timer: 0,
    typing: [],
    ...o,
  };
}

afterEach(() => useLanguage("en"));

describe("the rows of a conversation", () => {
  const shape = (list: Message[]) =>
    layout(list).map((r) => (r.kind === "message" ? `${r.first ? "<" : "-"}${r.last ? ">" : "-"}` : r.kind));

  it("begins each day, and puts together what one says in a row", () => {
    const list = [
      message({ at: NOON - DAY }),
      message({ at: NOON }),
      message({ at: NOON + MINUTE }),
      message({ at: NOON + 2 * MINUTE, senderID: "u_me", mine: true }),
      message({ at: NOON + 3 * MINUTE }),
    ];
    expect(shape(list)).toEqual(["day", "<>", "day", "<-", "->", "<>", "<>"]);
  });

  it("ends a run with a pause, and with something that happened", () => {
    const event = message({ content: { kind: "system", line: { what: "missed" } }, senderID: "" });
    expect(shape([message(), message({ at: NOON + 11 * MINUTE })])).toEqual(["day", "<>", "<>"]);
    expect(shape([message(), event, message()])).toEqual(["day", "<>", "event", "<>"]);
    expect(shape([message({ content: { kind: "timer", seconds: 30 } })])).toEqual(["day", "event"]);
  });

  it("does not show reactions as messages", () => {
    const reaction = message({ content: { kind: "reaction", to: "u/1", emoji: "❤️" } });
    expect(shape([message(), reaction, message()])).toEqual(["day", "<-", "->"]);
  });

  it("has each key once, even where clocks go back over midnight", () => {
    const list = [NOON, NOON - DAY, NOON].map((at) => message({ at }));
    const keys = layout(list).map((r) => r.key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("counts days by the calendar", () => {
    expect(daysAgo(NOON - DAY / 2 - 1, NOON)).toBe(1);
    expect(daysAgo(NOON - DAY / 2 + 1, NOON)).toBe(0);
    expect(daysAgo(NOON + MINUTE, NOON)).toBe(0);
    expect(daysAgo(NOON - 7 * DAY, NOON)).toBe(7);
  });

  it("keeps messages in order, each once, in its newest form", () => {
    const [a, b, c] = [message(), message(), message()];
    const newer = { ...b, status: "delivered" as const };
    const merged = merge([c], [newer, a, b, newer]);
    expect(merged.map((m) => m.id)).toEqual([a.id, b.id, c.id]);
    expect(merged[1]).toBe(newer);
  });
});

describe("the shape of a voice", () => {
  it("is as loud as the loudest, at any length", () => {
    for (const n of [1, 3, BARS, 100, 1_000]) {
      const levels = Array.from({ length: n }, (_, i) => (i === n - 1 ? 0.4 : 0.2));
      const bars = barsOf(levels);
      expect(bars).toHaveLength(BARS);
      expect(Math.max(...bars)).toBe(TOP);
      if (n > 1) expect(bars[0]).toBe(TOP / 2);
    }
  });

  it("does not make noise loud, and is flat where nobody speaks", () => {
    expect(Math.max(...barsOf(new Array<number>(60).fill(0.005)))).toBeLessThanOrEqual(TOP / 10);
    expect(barsOf([])).toEqual(new Array<number>(BARS).fill(0));
  });

  it("draws what other apps send", () => {
    expect(fitBars([0, 100])).toEqual([
      ...new Array<number>(BARS / 2).fill(0),
      ...new Array<number>(BARS / 2).fill(100),
    ]);
    expect(fitBars(new Array<number>(128).fill(7))).toEqual(new Array<number>(BARS).fill(7));
    expect(fitBars([NaN, -5, 1e9]).every((b) => b >= 0 && b <= TOP)).toBe(true);
    expect(fitBars([])).toHaveLength(BARS);
  });

  it("measures loudness", () => {
    expect(loudness(new Float32Array(0))).toBe(0);
    expect(loudness(new Float32Array(64).fill(0.1))).toBeCloseTo(0.3);
    expect(loudness(new Float32Array(64).fill(1))).toBe(1);
  });
});

/** A GIF of one pixel: head, a table of two colours, what is given, an image, the end. */
function gif(...extensions: number[][]): Uint8Array {
  const head = [..."GIF89a"].map((c) => c.charCodeAt(0));
  const screen = [1, 0, 1, 0, 0x80, 0, 0];
  const colours = [0, 0, 0, 255, 255, 255];
  const image = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
  return Uint8Array.from([...head, ...screen, ...colours, ...extensions.flat(), ...image, 0x3b]);
}
const letters = (text: string) => [...text].map((c) => c.charCodeAt(0));
const application = (name: string, data: number[]) => [
  0x21,
  0xff,
  11,
  ...letters(name),
  data.length,
  ...data,
  0,
];

describe("a GIF", () => {
  const control = [0x21, 0xf9, 4, 0, 10, 0, 0, 0];
  const repeats = application("NETSCAPE2.0", [1, 0, 0]);

  it("loses what is not its picture", () => {
    const comment = [0x21, 0xfe, 6, ...letters("secret"), 0];
    const xmp = application("XMP DataXMP", letters("where it was"));
    const clean = cleanGIF(gif(comment, repeats, xmp, control, comment));
    expect([...clean!]).toEqual([...gif(repeats, control)]);
    expect(sizeOfGIF(clean!)).toEqual({ width: 1, height: 1 });
  });

  it("loses what comes after its end", () => {
    const file = Uint8Array.from([...gif(control), ...letters("hidden")]);
    expect([...cleanGIF(file)!]).toEqual([...gif(control)]);
  });

  it("is refused where it is none, or is broken off anywhere", () => {
    const whole = gif(repeats, control);
    for (let n = 0; n < whole.length; n++) expect(cleanGIF(whole.subarray(0, n))).toBeNull();
    expect(cleanGIF(Uint8Array.from(letters("GIF88a1234567890")))).toBeNull();
    expect(cleanGIF(gif([0x99]))).toBeNull();
  });
});

describe("a picture's size", () => {
  it.each([
    [4000, 3000, { width: 1600, height: 1200 }],
    [300, 4000, { width: 120, height: 1600 }],
    [800, 600, { width: 800, height: 600 }],
    [9000, 1, { width: 1600, height: 1 }],
  ])("%d×%d", (w, h, want) => expect(fit(w, h, 1600)).toEqual(want));
});

describe("stickers", () => {
  const LABEL = /^[\w.-]{1,64}$/;
  it("travel by names that the wire takes, and come back", () => {
    const all = Object.values(SHELVES).flat();
    expect(new Set(all).size).toBe(all.length);
    for (const shown of all) {
      const ref = refOf(shown);
      expect(ref.pack).toMatch(LABEL);
      expect(ref.sticker).toMatch(LABEL);
      expect(shownOf(ref)).toBe(shown);
      expect(stickerName(ref)).not.toBe("");
    }
    expect(shownOf(refOf("❤️"))).toBe("❤️");
  });

  it("have a name in words where they are drawn", () => {
    for (const name of DRAWINGS) expect(words.chat.stickers[name]).toBeTruthy();
    expect(isDrawing("toString")).toBe(false);
  });

  it("of newer apps, or of nobody's, are not shown", () => {
    for (const [pack, sticker] of [
      ["kinwire", "constructor"],
      ["kinwire", "1f600"],
      ["emoji", "41-42"],
      ["emoji", "ffffff"],
      ["emoji", "sun"],
      ["other", "sun"],
    ] as const)
      expect(shownOf({ pack, sticker })).toBe("");
  });
});

describe("names of conversations", () => {
  it.each([
    ["🦄 Unicorns", "🦄", "Unicorns"],
    ["👩‍👧‍👦 Us", "👩‍👧‍👦", "Us"],
    ["🇵🇱 Polska", "🇵🇱", "Polska"],
    ["Park", "", "Park"],
    ["7 friends", "", "7 friends"],
    ["🌈", "🌈", ""],
    ["", "", ""],
  ])("%s", (title, face, name) => {
    expect(splitTitle(title)).toEqual({ face, name });
    if (face) expect(joinTitle(face, name)).toBe(title);
  });

  it("are the people's where there is no other", () => {
    expect(nameOf(conversation())).toBe("Leo");
    const group = conversation({ kind: "group", people: [leo, ola] });
    expect(nameOf(group)).toBe("Leo and Ola");
    expect(nameOf({ ...group, title: "🦄 Unicorns" })).toBe("Unicorns");
    expect(nameOf({ ...group, people: [] })).toBe(words.chat.list.alone);
  });
});

describe("a message in one line", () => {
  const name = (id: string) => ({ u_leo: "Leo", u_ola: "Ola" })[id] ?? "?";
  const media = { type: "image/jpeg", size: 1, state: "here" as const };
  it.each<[Content, string]>([
    [{ kind: "text", text: "two\n  lines" }, "two lines"],
    [{ kind: "sticker", pack: "kinwire", sticker: "sun" }, "Sticker Happy sun"],
    [{ kind: "sticker", pack: "emoji", sticker: "1f600" }, "😀"],
    [{ kind: "sticker", pack: "new", sticker: "x" }, "Sticker A new sticker"],
    [{ kind: "photo", media, caption: "sea" }, "📷 sea"],
    [{ kind: "voice", media, duration: 65_000, waveform: [] }, "🎤 Voice message, 1:05"],
    [{ kind: "score", game: "memory", points: 1200 }, "🎮 Pairs: 1,200"],
    [{ kind: "score", game: "<b>", points: 1 }, "🎮 A game: 1"],
    [{ kind: "unknown", name: "hologram" }, words.chat.preview.unknown],
  ])("%j", (content, want) => expect(preview(content, name)).toBe(want));

  it.each<[SystemLine, string]>([
    [{ what: "joined", userIDs: ["u_leo", "u_ola"] }, "Leo and Ola came in."],
    [{ what: "joined", userIDs: ["u_me", "u_ola"] }, "You came in. Ola came in."],
    [{ what: "left", userIDs: ["u_me"] }, "You left."],
    [{ what: "keys_changed", userID: "u_leo", added: 0, removed: 1 }, "A device of Leo’s is gone."],
    [{ what: "keys_changed", userID: "u_me", added: 1, removed: 0 }, "You have a new device here."],
  ])("%j", (line, want) => expect(lineText(line, "u_me", name)).toBe(want));

  it("says how long messages stay", () => {
    for (const seconds of Object.values(TIMES)) expect(staysText(seconds)).not.toBe("");
    expect(staysText(7_200)).toBe("120 minutes");
    expect(staysText(1)).toBe("1 minute");
  });

  it("is large where it is nothing but a few emoji", () => {
    expect(["😀", "👩‍👧‍👦🇵🇱", "❤️❤️❤️"].map(onlyEmoji)).toEqual([true, true, true]);
    expect(["", "7", "😀😀😀😀", "hi 😀"].map(onlyEmoji)).toEqual([false, false, false, false]);
  });
});

describe("how far a message has come", () => {
  it("tells one that goes out now from one that waits", () => {
    const problem = { code: "queue_full" as const, message: "", missing: [] };
    expect(markOf({ status: "waiting" }, true)).toBe("sending");
    expect(markOf({ status: "waiting" }, false)).toBe("queued");
    expect(markOf({ status: "waiting", problem }, true)).toBe("queued");
    expect(markOf({ status: "refused" }, true)).toBe("failed");
    expect(markOf({ status: "received" }, true)).toBe("");
  });

  it("names who did not get it", () => {
    const c = conversation({ kind: "group", people: [leo, ola] });
    const lost = message({ mine: true, status: "expired", deliveredTo: ["u_leo"] });
    expect(lostText(lost, c)).toContain("Ola");
    expect(lostText(lost, c)).not.toContain("Leo");
    expect(lostText({ ...lost, status: "stopped" }, c)).toBe("Ola does not get it any more.");
    expect(lostText({ ...lost, status: "delivered" }, c)).toBe("");
  });
});

describe("what is in the way", () => {
  it("is said for two and for a group", () => {
    const shut = "not_approved" as const;
    expect(shutText(conversation())).toBe("");
    expect(shutText(conversation({ shut }))).toBe(words.chat.shut.not_approved);
    expect(shutText(conversation({ shut, kind: "group" }))).toBe(words.chat.shut.group);
    expect(shutText(conversation({ out: true }))).toBe(words.chat.shut.left);
  });

  it("has words of its own for messages", () => {
    const c = conversation();
    expect(chatError(new KinwireError("no_device", "x"), c)).toContain("Leo");
    expect(chatError(new KinwireError("too_large", "x"), c, 50 << 20)).toContain("50 MB");
    expect(chatError(new KinwireError("offline", "x"), c)).toBe(words.errors.offline);
    expect(chatError(new Error("x"), c)).toBe(words.errorElse);
    expect(problemText({ code: "rate_limited", message: "", missing: [] }, c)).toBe(
      words.chat.compose.tooFast,
    );
  });

  it("names whom it is between, and says nothing of calls", () => {
    const between = (need: Missing["need"], a = "u_leo"): Missing => ({
      a: { id: a, name: a === "u_me" ? "Me" : "Leo", avatar: "" },
      b: { id: "u_ola", name: "Ola", avatar: "" },
      need,
      text: "t",
    });
    expect(missingWrite(between("parent_a"), "u_me")).toBe("Leo’s parent has not approved Ola yet.");
    for (const m of [between("never"), between("never", "u_me"), between("consent_a", "u_me")])
      expect(missingWrite(m, "u_me")).not.toMatch(/call/);
  });
});

/** What the session of messages uses of the SDK. */
class FakeChat extends Emitter<{ conversations: ConversationView[]; end: string }> {
  list: ConversationView[] = [];
  readonly close = vi.fn(() => Promise.resolve());
  readonly forgetDevice = vi.fn(() => Promise.resolve());
  conversations = () => this.list;
  fire = <K extends "conversations" | "end">(
    name: K,
    data: { conversations: ConversationView[]; end: string }[K],
  ) => this.emit(name, data);
}
const asChat = (c: FakeChat) => c as unknown as ChatLike;

describe("messages on this device", () => {
  it("are there once they are open, and count what is new", async () => {
    const chat = new FakeChat();
    const messages = new Messages(() => Promise.resolve(asChat(chat)));
    const told = vi.fn();
    messages.watch(told);
    expect([messages.state, messages.chat, messages.unread]).toEqual(["opening", null, 0]);
    await messages.open();
    expect([messages.state, messages.chat]).toEqual(["ready", chat]);
    chat.list = [conversation({ unread: 2 }), conversation({ unread: 1 })];
    const before = told.mock.calls.length;
    chat.fire("conversations", chat.list);
    expect(told.mock.calls.length).toBe(before + 1);
    expect(messages.unread).toBe(3);
    expect(unreadOf([])).toBe(0);
  });

  it.each([
    [new KinwireError("other_tab", "x"), "elsewhere"],
    [new KinwireError("not_found", "x"), "absent"],
    [new KinwireError("offline", "x"), "broken"],
    [new Error("x"), "broken"],
  ])("say why they are not: %s", async (error, want) => {
    const messages = new Messages(() => Promise.reject(error));
    await messages.open();
    expect([messages.state, messages.chat]).toEqual([want, null]);
  });

  it("cannot be in a browser that keeps nothing", async () => {
    const messages = new Messages(() => Promise.resolve(null));
    await messages.open();
    expect(messages.state).toBe("unable");
  });

  it("end when another window takes them or the device is taken out, and can be opened again", async () => {
    const chats = [new FakeChat(), new FakeChat(), new FakeChat()];
    const open = vi.fn((_: boolean) => Promise.resolve(asChat(chats[open.mock.calls.length - 1]!)));
    const messages = new Messages(open);
    await messages.open();
    chats[0]!.fire("end", "other_tab");
    expect([messages.state, messages.chat]).toEqual(["elsewhere", null]);
    await messages.open(true);
    expect(open).toHaveBeenLastCalledWith(true);
    chats[1]!.fire("end", "device_removed");
    expect(messages.state).toBe("removed");
    await messages.open();
    expect(messages.chat).toBe(chats[2]);
    // What ended before says nothing any more.
    chats[0]!.fire("end", "other_tab");
    expect(messages.state).toBe("ready");
  });

  it("are closed if they come after the end", async () => {
    const chat = new FakeChat();
    let give = (_: ChatLike) => {};
    const messages = new Messages(() => new Promise((resolve) => (give = resolve)));
    const opening = messages.open();
    messages.close();
    give(asChat(chat));
    await opening;
    expect(chat.close).toHaveBeenCalledOnce();
    expect(messages.chat).toBeNull();
  });

  it("leave nothing behind on signing out", async () => {
    const chat = new FakeChat();
    const messages = new Messages(() => Promise.resolve(asChat(chat)));
    await messages.open();
    await messages.forget();
    expect(chat.forgetDevice).toHaveBeenCalledOnce();
    expect(messages.chat).toBeNull();
  });
});

describe("a message that a report revealed", () => {
  const encode = (o: unknown) => btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(o))));

  it("is read, whatever it is", () => {
    const base = { v: 1, id: "x", timer: 0, opened: 0 };
    expect(readEvidence(encode({ ...base, kind: "text", text: "Zażółć 🦊" }))?.text).toBe("Zażółć 🦊");
    const sticker = readEvidence(encode({ ...base, kind: "sticker", pack: "kinwire", sticker: "sun" }));
    expect(sticker?.sticker).toEqual({ pack: "kinwire", sticker: "sun" });
    const photo = readEvidence(
      encode({ ...base, kind: "photo", caption: "c", media: { thumb: "/9j/4AAQ" } }),
    );
    expect([photo?.text, photo?.thumb]).toEqual(["c", "data:image/jpeg;base64,/9j/4AAQ"]);
    const voice = readEvidence(encode({ ...base, kind: "voice", duration: 4000, media: {} }));
    expect([voice?.length, voice?.thumb]).toEqual([4000, ""]);
    expect(readEvidence(encode({ ...base, kind: "score", game: "memory", points: 3 }))?.text).toBe(
      "memory: 3",
    );
  });

  it("is not trusted to have any form", () => {
    for (const bad of ["", "!!", btoa("not JSON"), encode(null), encode([1]), encode("x")])
      expect(readEvidence(bad)).toBeNull();
    const odd = readEvidence(encode({ kind: 7, text: { a: 1 }, duration: "x", media: null, sticker: [] }));
    expect(odd).toEqual({ kind: "", text: "", sticker: null, thumb: "", length: 0 });
    for (const thumb of ["PHN2Zz4=", '/9j/" onload=', "/9j/" + "A".repeat(30_000)])
      expect(readEvidence(encode({ kind: "photo", media: { thumb } }))?.thumb).toBe("");
  });
});
