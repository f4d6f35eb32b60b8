import type { Person } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import type { IconName } from "../icons.ts";
import { page, tabs } from "../ui.ts";
import { HistoryList } from "../widgets/history.ts";
import { LoginList } from "../widgets/devices.ts";
import { say, words } from "../words.ts";
import { aboutPart } from "./child_about.ts";
import { ChatsPart } from "./child_chats.ts";
import { ConsentPart } from "./child_consent.ts";
import { FriendsPart } from "./child_friends.ts";
import { rulesPart } from "./child_rules.ts";

type Tab = "friends" | "rules" | "calls" | "chats" | "devices" | "about" | "consent";

/** One part of the page; it may follow what happens until it is closed. */
export interface Part {
  readonly el: HTMLElement;
  close?(): void;
}

/** Everything that a parent sees and decides about one child. */
export class ChildScreen implements Screen {
  readonly name = "child";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #title: HTMLElement;
  readonly #face = h("span", {});
  #child: Person;
  readonly #place = h("div", { testid: "child-part" });
  #part: Part | null = null;

  constructor(ctx: Context, child: Person, tab: Tab = "friends") {
    this.#ctx = ctx;
    this.#child = child;
    const w = words.parent.child;
    const icons: Record<Tab, IconName> = {
      friends: "heart",
      rules: "clock",
      calls: "history",
      chats: "chat",
      devices: "device",
      about: "settings",
      consent: "check",
    };
    const names = (Object.keys(icons) as Tab[]).map((name) => ({
      name,
      text: w.tab[name],
      icon: icons[name],
    }));
    this.el = page(
      {
        testid: "screen-child",
        title: child.name,
        back: () => ctx.home(),
        actions: [this.#face],
      },
      tabs(w.tabs, names, tab, (name) => this.#open(name)),
      this.#place,
    );
    this.#title = this.el.querySelector("h1")!;
    this.#changed(child);
    this.#open(tab);
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#part?.close?.();
  }

  #open(tab: Tab): void {
    this.#part?.close?.();
    this.#part = this.#make[tab]();
    this.#place.dataset["part"] = tab;
    this.#place.replaceChildren(this.#part.el);
  }

  readonly #make: Record<Tab, () => Part> = {
    friends: () => new FriendsPart(this.#ctx, this.#child),
    rules: () => rulesPart(this.#ctx, this.#child.id),
    calls: () => this.#calls(),
    chats: () => new ChatsPart(this.#ctx, this.#child),
    devices: () => this.#devices(),
    about: () => aboutPart(this.#ctx, this.#child.id, (child) => this.#changed(child)),
    consent: () => new ConsentPart(this.#ctx, this.#child),
  };

  /** The name and the picture that are shown are the child's present ones. */
  #changed(child: Person): void {
    this.#child = child;
    setText(this.#title, child.name);
    this.#face.replaceChildren(avatar(child, "small"));
  }

  #calls(): Part {
    const { api } = this.#ctx;
    const path = { id: this.#child.id };
    const list = new HistoryList((before) =>
      api.page("GET /v1/children/{id}/history", { path, query: before ? { before } : {} }),
    );
    return {
      el: h("section", { class: "part" }, h("p", { class: "hint" }, words.parent.child.calls), list.el),
    };
  }

  #devices(): Part {
    const { api } = this.#ctx;
    const path = { id: this.#child.id };
    const list = new LoginList(
      () => api.page("GET /v1/children/{id}/sessions", { path }),
      (other) => api.page("DELETE /v1/children/{id}/sessions/{other}", { path: { ...path, other } }),
    );
    const hint = h("p", { class: "hint" }, say(words.parent.child.devices, this.#child));
    return { el: h("section", { class: "part" }, hint, list.el) };
  }
}
