import { describe, expect, it } from "vitest";
import { API } from "../src/api.ts";
import { codeOf, KinwireError, missingOf } from "../src/errors.ts";

interface Asked {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string | Uint8Array | null;
}

/** An API whose server answers each request with what answer says. */
function scripted(answer: (asked: Asked) => Response | Promise<Response>): { api: API; asked: Asked[] } {
  const asked: Asked[] = [];
  const api = new API("https://kin.example", (url, o) => {
    asked.push({ url: String(url), ...(o as Omit<Asked, "url">) });
    return Promise.resolve(answer(asked.at(-1)!));
  });
  return { api, asked };
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

describe("API", () => {
  it("asks for a page by method, path, query and body", async () => {
    const { api, asked } = scripted(() => json({ calls: [] }));
    await api.page("GET /v1/friends");
    await api.page("GET /v1/children/{id}/history", {
      path: { id: "u_1/2" },
      query: { before: 5, x: undefined },
    });
    await api.page("POST /v1/blocks", { body: { user_id: "u_3" } });
    await api.page("DELETE /v1/children/{id}/friends/{other}", { path: { id: "a", other: "b" } });
    expect(asked.map((a) => `${a.method} ${a.url} ${a.body ?? ""}`)).toEqual([
      "GET https://kin.example/v1/friends ",
      "GET https://kin.example/v1/children/u_1%2F2/history?before=5 ",
      'POST https://kin.example/v1/blocks {"user_id":"u_3"}',
      "DELETE https://kin.example/v1/children/a/friends/b ",
    ]);
    expect(asked[0]!.headers["Content-Type"]).toBeUndefined();
    expect(asked[2]!.headers["Content-Type"]).toBe("application/json");
  });

  it("keeps the token of a log-in, and forgets it at log-out", async () => {
    const { api, asked } = scripted(() => json({ token: "t1", expires_at: 1, me: {} }));
    await api.login("mia", "pw");
    await api.page("GET /v1/account");
    await api.logout();
    await api.page("GET /v1/notice");
    expect(asked.map((a) => a.headers["Authorization"])).toEqual([
      undefined,
      "Bearer t1",
      "Bearer t1",
      undefined,
    ]);
  });

  it("answers undefined where the page answers nothing", async () => {
    const { api } = scripted(() => new Response(null, { status: 204 }));
    expect(await api.page("DELETE /v1/push")).toBeUndefined();
  });

  it("sends and gives bytes as they are", async () => {
    const chunk = new Uint8Array([0, 255, 128, 10]);
    const page = "/v1/chat/attachments/{id}/chunks/{other}" as const;
    const path = { id: "at_1", other: "3" };
    const up = scripted(() => new Response(null, { status: 204 }));
    expect(await up.api.page(`PUT ${page}`, { path, body: chunk })).toBeUndefined();
    expect(up.asked[0]!.headers["Content-Type"]).toBe("application/octet-stream");
    expect(up.asked[0]!.body).toBe(chunk);
    const down = scripted(
      () => new Response(chunk, { headers: { "Content-Type": "application/octet-stream" } }),
    );
    expect(await down.api.page(`GET ${page}`, { path })).toEqual(chunk);
    const no = scripted(() => json({ code: "not_found", message: "no such attachment" }, 404));
    expect(await no.api.page(`GET ${page}`, { path }).catch(codeOf)).toBe("not_found");
  });

  it("gives an operator a call's record, and many as a file", async () => {
    const one = scripted(() => json({ version: 1, id: "c/1" }));
    expect(await one.api.record("c/1")).toEqual({ version: 1, id: "c/1" });
    expect(one.asked[0]!.url).toBe("https://kin.example/v1/calls/c%2F1/record");
    const many = scripted(() => new Response("a,b\r\n", { headers: { "Content-Type": "text/csv" } }));
    const file = await many.api.exportCalls("csv", { from: 5, codec: undefined });
    expect(many.asked[0]!.url).toBe("https://kin.example/v1/calls/export?from=5&format=csv");
    expect(await file.text()).toBe("a,b\r\n");
    const no = scripted(() => json({ code: "not_allowed", message: "no role" }, 403));
    expect(await no.api.exportCalls("ndjson").catch(codeOf)).toBe("not_allowed");
  });

  it("throws the server's refusal, with what is missing", async () => {
    const missing = [{ a: { name: "Ana" }, b: { name: "Ben" }, need: "parent_a", text: "…" }];
    const { api } = scripted(() => json({ code: "not_approved", message: "no", missing }, 403));
    const e: unknown = await api.page("GET /v1/friends").catch((e: unknown) => e);
    expect(e).toBeInstanceOf(KinwireError);
    expect([codeOf(e), missingOf(e)]).toEqual(["not_approved", missing]);
    expect(missingOf(new Error())).toEqual([]);
  });

  it("makes a code of the status when the answer is no refusal of Kinwire", async () => {
    const { api } = scripted(() => new Response("<html>", { status: 503 }));
    expect(await api.me().catch(codeOf)).toBe("unavailable");
    const away = scripted(() => Promise.reject(new TypeError("no route")));
    expect(await away.api.me().catch(codeOf)).toBe("offline");
  });

  it("has no demo where the server has none", async () => {
    expect(await scripted(() => json({ code: "not_found", message: "" }, 404)).api.demo()).toBeNull();
    expect(
      await scripted(() => json({}, 500))
        .api.demo()
        .catch(codeOf),
    ).toBe("internal");
  });
});
