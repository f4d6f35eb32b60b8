import { afterEach, describe, expect, it, vi } from "vitest";
import { codeOf } from "../src/errors.ts";
import { createPasskey, decode64, encode64, getPasskey, passkeysSupported } from "../src/passkey.ts";

const bytes = (...b: number[]) => new Uint8Array(b).buffer;

/** What a browser gives without toJSON. */
const assertion = {
  id: "-_8",
  rawId: bytes(0xfb, 0xff),
  type: "public-key",
  authenticatorAttachment: "platform",
  getClientExtensionResults: () => ({}),
  response: {
    clientDataJSON: bytes(1),
    authenticatorData: bytes(2),
    signature: bytes(3),
    userHandle: null,
  },
};

/** A browser with passkeys, with or without the JSON forms. */
function browser(o: { credential?: unknown; error?: Error; json?: boolean }) {
  const asked: Record<string, unknown>[] = [];
  const answer = async (x: Record<string, unknown>) => {
    asked.push(x);
    if (o.error) throw o.error;
    return o.credential;
  };
  const statics = {
    parseCreationOptionsFromJSON: (j: unknown) => ({ parsed: j }),
    parseRequestOptionsFromJSON: (j: unknown) => ({ parsed: j }),
  };
  vi.stubGlobal(
    "PublicKeyCredential",
    Object.assign(() => undefined, o.json ? statics : {}),
  );
  vi.stubGlobal("navigator", { credentials: { create: answer, get: answer } });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe("passkeys", () => {
  it("write bytes as WebAuthn's JSON does", () => {
    for (const [b, text] of [
      [bytes(), ""],
      [bytes(0xfb, 0xff), "-_8"],
      [bytes(1, 2, 3, 4), "AQIDBA"],
    ] as const) {
      expect(encode64(b)).toBe(text);
      expect([...new Uint8Array(decode64(text))]).toEqual([...new Uint8Array(b)]);
    }
  });

  it("are turned from and into JSON where the browser does not", async () => {
    const asked = browser({ credential: assertion });
    const result = await getPasskey({
      challenge: "AQI",
      allowCredentials: [{ id: "-_8", type: "public-key" }],
    });
    expect(asked).toEqual([
      {
        publicKey: {
          challenge: bytes(1, 2),
          allowCredentials: [{ id: bytes(0xfb, 0xff), type: "public-key" }],
        },
      },
    ]);
    expect(result).toEqual({
      id: "-_8",
      rawId: "-_8",
      type: "public-key",
      authenticatorAttachment: "platform",
      clientExtensionResults: {},
      response: { clientDataJSON: "AQ", authenticatorData: "Ag", signature: "Aw" },
    });
  });

  it("are made with options that come wrapped", async () => {
    const made = {
      ...assertion,
      response: { clientDataJSON: bytes(1), attestationObject: bytes(9), getTransports: () => ["internal"] },
    };
    const asked = browser({ credential: made });
    const user = { id: "AQ", name: "a", displayName: "A" };
    const result = await createPasskey({ publicKey: { challenge: "AQ", user } });
    expect(asked[0]).toMatchObject({
      publicKey: { user: { id: bytes(1), name: "a" }, excludeCredentials: [] },
    });
    expect(result).toMatchObject({ response: { attestationObject: "CQ", transports: ["internal"] } });
  });

  it("leave it to a browser that knows the JSON forms", async () => {
    const asked = browser({ credential: { toJSON: () => "as JSON" }, json: true });
    expect(await getPasskey({ challenge: "AQ" })).toBe("as JSON");
    expect(asked).toEqual([{ publicKey: { parsed: { challenge: "AQ" } } }]);
  });

  it("say why there is none", async () => {
    expect(passkeysSupported()).toBe(false);
    expect(await getPasskey({ challenge: "AQ" }).catch(codeOf)).toBe("no_passkey");
    browser({ error: new DOMException("no", "NotAllowedError"), json: true });
    expect(await getPasskey({ challenge: "AQ" }).catch(codeOf)).toBe("no_permission");
    browser({ error: new DOMException("no", "SecurityError"), json: true });
    expect(await createPasskey({ challenge: "AQ" }).catch(codeOf)).toBe("no_passkey");
  });
});
