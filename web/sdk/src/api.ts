import { KinwireError } from "./errors.ts";
import type { Code, Device, Person } from "./proto_gen.ts";

/** What POST /v1/login answers. */
export interface Login {
  token: string;
  expires_at: string | number;
  me: Person;
}

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

/** The plain HTTP API of a Kinwire server. */
export class API {
  readonly #base: string;
  readonly #fetch: typeof fetch;

  constructor(base: string = location.origin, fetcher: typeof fetch = (...a) => fetch(...a)) {
    this.#base = base;
    this.#fetch = fetcher;
  }

  /** Logs in. A wrong name or password is a KinwireError with code "unauthenticated". */
  login(user: string, password: string, device?: Device): Promise<Login> {
    return this.#json<Login>("POST", "/v1/login", undefined, { user, password, device });
  }

  /** Ends the session of token. */
  async logout(token: string): Promise<void> {
    await this.#call("POST", "/v1/logout", token);
  }

  /** Who token belongs to. */
  me(token: string): Promise<Person> {
    return this.#json<Person>("GET", "/v1/me", token);
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

  async #json<T>(method: string, path: string, token?: string, body?: unknown): Promise<T> {
    const response = await this.#call(method, path, token, body);
    return (await response.json()) as T;
  }

  async #call(method: string, path: string, token?: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (token) headers["Authorization"] = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response: Response;
    try {
      response = await this.#fetch(this.#base + path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
      });
    } catch (e) {
      throw new KinwireError("offline", `${method} ${path}: the server could not be reached`, { cause: e });
    }
    if (!response.ok) throw await refusal(method, path, response);
    return response;
  }
}

const codeOfStatus: Record<number, Code> = {
  400: "bad_message",
  401: "unauthenticated",
  403: "not_allowed",
  404: "not_found",
  413: "too_large",
  422: "bad_message",
  429: "rate_limited",
  503: "unavailable",
};

async function refusal(method: string, path: string, response: Response): Promise<KinwireError> {
  const fallback = codeOfStatus[response.status] ?? "internal";
  try {
    const body = (await response.json()) as { code?: Code; message?: string };
    return new KinwireError(body.code ?? fallback, body.message ?? response.statusText);
  } catch {
    return new KinwireError(fallback, `${method} ${path}: HTTP ${response.status}`);
  }
}
