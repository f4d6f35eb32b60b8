import type { CallRecord, RecordParticipant, RecordStream, RecordView } from "@kinwire/sdk";
import type { OpsContext } from "../../context.ts";
import { h, type Child } from "../../dom.ts";
import { busy, button, errorLine, input, labelled } from "../../ui.ts";
import { list, say, time, words } from "../../words.ts";
import { opsError } from "../load.ts";
import { millis, percent, rate } from "./figures.ts";
import { scoreBar } from "./score.ts";
import { withNames } from "./series.ts";

/** What the page of a call keeps of somebody while it is refreshed: who it was found to be. */
export type Known = Map<string, string>;

/** One card for each participant: pseudonym, device, path, and each stream in figures. */
export function peopleCards(
  ctx: OpsContext,
  r: CallRecord,
  names: ReadonlyMap<string, string>,
  mayResolve: boolean,
  known: Known,
): HTMLElement {
  return h(
    "div",
    { class: "column" },
    ...(r.participants ?? []).map((p) =>
      h(
        "section",
        { class: "card facts call-person", testid: "call-person", data: { id: p.id, user: p.user } },
        h(
          "div",
          { class: "column" },
          h("h3", {}, `${names.get(p.id) ?? ""} · ${p.user || words.ops.calls.noUser}`),
          who(ctx, p, mayResolve, known),
          h("dl", {}, ...facts(p)),
        ),
        streams(p, names),
      ),
    ),
  );
}

function facts(p: RecordParticipant): HTMLElement[] {
  const w = words.ops.calls;
  const { path } = p;
  const way = [path.type, path.client?.relay_protocol ?? path.protocol].filter(Boolean).join("/");
  const reasons: Partial<Record<string, string>> = w.reasons;
  const rtt = path.server?.rtt_ms ?? path.client?.rtt_ms;
  const rows: [string, string][] = [
    [w.facts.device, list([p.device.model, p.device.os, p.device.app].flatMap((x) => (x ? [x] : [])))],
    [w.facts.here, [time(p.joined_at), p.left_at ? time(p.left_at) : "…"].join(" – ")],
    [w.facts.left, p.reason ? (reasons[p.reason] ?? p.reason) : ""],
    [w.facts.joins, p.joins > 1 ? String(p.joins) : ""],
    [w.facts.path, way],
    [w.facts.changes, path.changes > 0 ? String(path.changes) : ""],
    [w.facts.network, path.remote ?? ""],
    [w.facts.rtt, rtt ? say(w.figure, { median: millis(rtt.median), p95: millis(rtt.p95) }) : ""],
    [w.facts.srtp, path.srtp_profile ?? ""],
  ];
  return rows.filter(([, v]) => v).flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)]);
}

function streams(p: RecordParticipant, names: ReadonlyMap<string, string>): HTMLElement | false {
  const all = p.streams ?? [];
  if (all.length === 0) return false;
  const w = words.ops.calls;
  const heads = [
    w.metrics.score,
    w.facts.codec,
    w.metrics.loss,
    w.metrics.jitter,
    w.metrics.bitrate,
    w.facts.picture,
  ];
  return h(
    "div",
    { class: "scroll-x", attrs: { tabindex: "0", role: "region", "aria-label": w.facts.streams } },
    h(
      "table",
      { class: "log" },
      h(
        "thead",
        {},
        h("tr", {}, ...[w.facts.streams, ...heads].map((t) => h("th", { attrs: { scope: "col" } }, t))),
      ),
      h("tbody", {}, ...all.flatMap((s) => streamRows(s, p.id, names))),
    ),
  );
}

function streamRows(s: RecordStream, own: string, names: ReadonlyMap<string, string>): HTMLElement[] {
  const w = words.ops.calls;
  const kind = w.kinds[s.kind as keyof typeof w.kinds] ?? s.kind;
  const from = s.from && s.from !== own ? say(w.from, { who: names.get(s.from) ?? s.from }) : "";
  const name = [s.direction === "up" ? "↑" : "↓", kind, from].filter(Boolean).join(" ");
  // What the client measured is what the person had; the server's view is there from the first second.
  const v = s.direction === "down" ? (s.client ?? s.server) : (s.server ?? s.client);
  const row = h(
    "tr",
    {},
    h("th", { attrs: { scope: "row" } }, name),
    h("td", {}, scoreBar(s.mos?.median)),
    ...(v ? cellsOf(v) : []).map((c) => h("td", {}, c)),
  );
  if (!s.trouble) return [row];
  return [
    row,
    h("tr", {}, h("td", { class: "trouble", attrs: { colspan: "7" } }, withNames(s.trouble.says, names))),
  ];
}

function cellsOf(v: RecordView): Child[] {
  const size = v.largest ? `${v.largest.width}×${v.largest.height}` : "";
  const fps = v.totals.fps > 0 ? `${v.totals.fps.toFixed(0)}/s` : "";
  return [
    (v.codecs ?? []).join(", "),
    percent(v.totals.loss_ratio),
    v.jitter_ms ? millis(v.jitter_ms.median) : "–",
    v.totals.bitrate_bps > 0 ? rate(v.totals.bitrate_bps) : "–",
    [size, fps].filter(Boolean).join(" · ") || "–",
  ];
}

/** A button that asks whose pseudonym it is, and why somebody wants to know. */
function who(ctx: OpsContext, p: RecordParticipant, mayResolve: boolean, known: Known): HTMLElement | false {
  const w = words.ops.calls.who;
  if (!p.user) return false;
  const place = h("div", { class: "column" });
  const found = known.get(p.user);
  if (found) {
    place.append(h("strong", { testid: "who-is" }, found));
    return place;
  }
  if (!mayResolve) return false;
  const ask = () => {
    const error = errorLine("who-error");
    const reason = input({ testid: "who-reason", attrs: { minlength: "3", maxlength: "200" } });
    const form = h(
      "form",
      {
        class: "column",
        testid: "who-form",
        on: {
          submit: (e) => {
            e.preventDefault();
            void busy(
              form,
              () => resolve(reason.value.trim()),
              (x) => error.say(opsError(x)),
            );
          },
        },
      },
      labelled(w.reason, reason, w.audited),
      error,
      h(
        "div",
        { class: "choices" },
        button({ class: "small", text: words.common.cancel, click: () => place.replaceChildren(open) }),
        button({ testid: "who-send", class: "primary small", text: w.send, submit: true }),
      ),
    );
    place.replaceChildren(form);
    reason.focus();
  };
  const resolve = async (reason: string) => {
    const path = { id: p.user };
    const { person } = await ctx.api.page("POST /v1/ops/pseudonyms/{id}/resolve", { path, body: { reason } });
    const said = say(w.is, { name: person.name || person.id, role: words.roles[person.role], id: person.id });
    known.set(p.user, said);
    place.replaceChildren(h("strong", { testid: "who-is" }, said));
  };
  const open = button({ testid: "who", class: "small", icon: "eye", text: w.ask, click: ask });
  place.append(open);
  return place;
}
