import { KinwireError } from "./errors.ts";
import type { Code, Device, LoggedIn, PageMap, Person, ProtoError } from "./proto_gen.ts";
import type { CallRecord } from "./record.ts";

/** The media type of a body that is bytes. */
const OCTETS = "application/octet-stream";

/** What POST /v1/login answers. */
export type Login = LoggedIn;

/** One of the people whom the login page of a server in demo mode offers. */
export interface DemoLogin {
  login: string;
  name: string;
  avatar: string;
  role: Person["role"];
  family: string;
}

/** What GET /v1/demo answers on a server in demo mode. */
export interface Demo {
  logins: DemoLogin[];
  password: string;
}

/** A page of the HTTP API: its method and its path, such as "GET /v1/children/{id}". */
export type PageKey = keyof PageMap;

type Names<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type PathOf<K extends PageKey> = [Names<K>] extends [never]
  ? { path?: undefined }
  : { path: Record<Names<K>, string> };
type BodyOf<K extends PageKey> = PageMap[K]["in"] extends undefined
  ? { body?: undefined }
  : { body: PageMap[K]["in"] };

/** What a page is asked with: path's names, query, body, as the page has them. */
export type PageRequest<K extends PageKey> = PathOf<K> &
  BodyOf<K> & { query?: Record<string, string | number | undefined> };

type PageArgs<K extends PageKey> = {} extends PageRequest<K> ? [PageRequest<K>?] : [PageRequest<K>];

/**
 * The plain HTTP API of a Kinwire server. Every page of the OpenAPI document is asked for by page(), typed
 * by its method and path:
 *
 *     const api = new API();
 *     await api.login("mia", password); // keeps the token for what follows
 *     const { friends } = await api.page("GET /v1/friends");
 *     await api.page("POST /v1/friends/requests/{id}/accept", { path: { id } });
 *     await api.page("POST /v1/blocks", { body: { user_id } });
 *     await api.page("PUT /v1/chat/attachments/{id}/chunks/{other}", { path: { id, other: "0" }, body: bytes });
 *
 * A refusal is a KinwireError with the server's code.
 */
export class API {
  /** Goes into Authorization: Bearer; empty before login. */
  token = "";
  readonly #base: string;
  readonly #fetch: typeof fetch;

  constructor(base: string = location.origin, fetcher: typeof fetch = (...a) => fetch(...a)) {
    this.#base = base;
    this.#fetch = fetcher;
  }

  /** Asks for a page; what it answers, or undefined where it answers nothing. */
  page<K extends PageKey>(key: K, ...args: PageArgs<K>): Promise<PageMap[K]["out"]> {
    const [method, template] = key.split(" ") as [string, string];
    const o = (args[0] ?? {}) as {
      path?: Record<string, string>;
      body?: unknown;
      query?: Record<string, string | number | undefined>;
    };
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(o.path?.[name] ?? ""),
    );
    return this.#json(method, path + queryText(o.query), o.body);
  }

  /** Logs in and keeps the token. A wrong name or password is a KinwireError with code "unauthenticated". */
  async login(user: string, password: string, device?: Device): Promise<Login> {
    const login = await this.#json<Login>("POST", "/v1/login", { user, password, device });
    this.token = login.token;
    return login;
  }

  /** Ends the session of the token. */
  async logout(): Promise<void> {
    await this.#json("POST", "/v1/logout");
    this.token = "";
  }

  /** Who the token belongs to. */
  me(): Promise<Person> {
    return this.#json<Person>("GET", "/v1/me");
  }

  /** The demo's logins, or null when the server is not in demo mode. */
  async demo(): Promise<Demo | null> {
    try {
      return await this.#json<Demo>("GET", "/v1/demo");
    } catch (e) {
      if (e instanceof KinwireError && e.code === "not_found") return null;
      throw e;
    }
  }

  /** The whole record of a call, live or past. For operators in the role calls. */
  record(callID: string): Promise<CallRecord> {
    return this.#json<CallRecord>("GET", `/v1/calls/${encodeURIComponent(callID)}/record`);
  }

  /**
   * The records of all calls that the query lets through, as a file: "ndjson" has a whole record in each line,
   * "csv" a line for each stream. The query is that of "GET /v1/calls". For operators in the role calls.
   */
  async exportCalls(
    format: "ndjson" | "csv",
    query: Record<string, string | number | undefined> = {},
  ): Promise<Blob> {
    const response = await this.#call("GET", `/v1/calls/export${queryText({ ...query, format })}`);
    return response.blob();
  }

  /** The answer as the page has it: an object, bytes, or undefined where it is nothing. */
  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#call(method, path, body);
    if (response.headers.get("Content-Type")?.startsWith(OCTETS))
      return new Uint8Array(await response.arrayBuffer()) as T;
    const text = await response.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }

  async #call(method: string, path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { Accept: `application/json, ${OCTETS}` };
    if (this.token) headers["Authorization"] = `Bearer ${this.token}`;
    const bytes = body instanceof Uint8Array;
    if (body !== undefined) headers["Content-Type"] = bytes ? OCTETS : "application/json";
    let response: Response;
    try {
      response = await this.#fetch(this.#base + path, {
        method,
        headers,
        body: bytes ? (body as Uint8Array<ArrayBuffer>) : body === undefined ? null : JSON.stringify(body),
      });
    } catch (e) {
      throw new KinwireError("offline", `${method} ${path}: the server could not be reached`, { cause: e });
    }
    if (!response.ok) throw await refusal(method, path, response);
    return response;
  }
}

function queryText(query: Record<string, string | number | undefined> = {}): string {
  const given = Object.entries(query).filter(([, v]) => v !== undefined);
  if (given.length === 0) return "";
  return `?${new URLSearchParams(given.map(([k, v]) => [k, String(v)]))}`;
}

const codeOfStatus: Record<number, Code> = {
  400: "bad_message",
  401: "unauthenticated",
  403: "not_allowed",
  404: "not_found",
  409: "wrong_state",
  413: "too_large",
  422: "bad_message",
  429: "rate_limited",
  503: "unavailable",
};

async function refusal(method: string, path: string, response: Response): Promise<KinwireError> {
  const fallback = codeOfStatus[response.status] ?? "internal";
  try {
    const body = (await response.json()) as Partial<ProtoError>;
    return new KinwireError(body.code ?? fallback, body.message ?? response.statusText, {
      missing: body.missing,
    });
  } catch {
    return new KinwireError(fallback, `${method} ${path}: HTTP ${response.status}`);
  }
}
