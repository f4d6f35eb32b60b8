import { KinwireError } from "./errors.ts";

/**
 * Passkeys: WebAuthn's ceremonies with options and results as JSON, as the server gives and takes them
 * (WebAuthn Level 3, section 5.1.8 to 5.1.10). Browsers that know the JSON forms turn them themselves; for the
 * others it is done here.
 */

interface Descriptor {
  id: string;
  type: PublicKeyCredentialType;
  transports?: AuthenticatorTransport[];
}

/** PublicKeyCredentialCreationOptionsJSON, as far as this file looks into it. */
interface CreationJSON {
  challenge: string;
  user: { id: string; name: string; displayName: string };
  excludeCredentials?: Descriptor[];
}

/** PublicKeyCredentialRequestOptionsJSON, as far as this file looks into it. */
interface RequestJSON {
  challenge: string;
  allowCredentials?: Descriptor[];
}

interface Statics {
  parseCreationOptionsFromJSON?(o: unknown): PublicKeyCredentialCreationOptions;
  parseRequestOptionsFromJSON?(o: unknown): PublicKeyCredentialRequestOptions;
}

/** Whether this browser has passkeys. It has none on pages that are neither https nor localhost. */
export function passkeysSupported(): boolean {
  return typeof PublicKeyCredential === "function" && !!navigator.credentials;
}

/**
 * Makes a passkey from Ceremony.options; what it returns goes into PasskeyNew.response. When the person said
 * no, or the time was up, it throws a KinwireError with code "no_permission".
 */
export async function createPasskey(options: unknown): Promise<unknown> {
  const json = publicKeyOf(options) as CreationJSON;
  return ceremony(async () => {
    const publicKey = statics().parseCreationOptionsFromJSON?.(json) ?? creationOptions(json);
    return navigator.credentials.create({ publicKey });
  });
}

/** Signs with a passkey by Ceremony.options; what it returns goes into PasskeyLogin.response. */
export async function getPasskey(options: unknown): Promise<unknown> {
  const json = publicKeyOf(options) as RequestJSON;
  return ceremony(async () => {
    const publicKey = statics().parseRequestOptionsFromJSON?.(json) ?? requestOptions(json);
    return navigator.credentials.get({ publicKey });
  });
}

/** Some servers wrap the options as navigator.credentials takes them. */
function publicKeyOf(options: unknown): unknown {
  return (options as { publicKey?: unknown } | null)?.publicKey ?? options;
}

function statics(): Statics {
  return PublicKeyCredential as unknown as Statics;
}

async function ceremony(ask: () => Promise<Credential | null>): Promise<unknown> {
  if (!passkeysSupported()) throw new KinwireError("no_passkey", "this browser has no passkeys on this page");
  try {
    return resultJSON((await ask()) as PublicKeyCredential);
  } catch (e) {
    const name = e instanceof Error ? e.name : "";
    const code = name === "NotAllowedError" || name === "AbortError" ? "no_permission" : "no_passkey";
    throw new KinwireError(code, e instanceof Error ? e.message : String(e), { cause: e });
  }
}

function creationOptions(o: CreationJSON): PublicKeyCredentialCreationOptions {
  return {
    ...o,
    challenge: decode64(o.challenge),
    user: { ...o.user, id: decode64(o.user.id) },
    excludeCredentials: (o.excludeCredentials ?? []).map(descriptor),
  } as unknown as PublicKeyCredentialCreationOptions;
}

function requestOptions(o: RequestJSON): PublicKeyCredentialRequestOptions {
  return {
    ...o,
    challenge: decode64(o.challenge),
    allowCredentials: (o.allowCredentials ?? []).map(descriptor),
  } as PublicKeyCredentialRequestOptions;
}

function descriptor(d: Descriptor): PublicKeyCredentialDescriptor {
  return { ...d, id: decode64(d.id) };
}

/** RegistrationResponseJSON or AuthenticationResponseJSON. */
export function resultJSON(c: PublicKeyCredential): unknown {
  if (typeof c.toJSON === "function") return c.toJSON();
  const r = c.response as Partial<AuthenticatorAttestationResponse & AuthenticatorAssertionResponse>;
  const response: Record<string, unknown> = { clientDataJSON: encode64(r.clientDataJSON!) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"] as const) {
    const part = r[name];
    if (part) response[name] = encode64(part);
  }
  if (r.getTransports) response["transports"] = r.getTransports();
  return {
    id: c.id,
    rawId: encode64(c.rawId),
    type: c.type,
    authenticatorAttachment: c.authenticatorAttachment ?? undefined,
    clientExtensionResults: c.getClientExtensionResults(),
    response,
  };
}

/** base64url without padding (RFC 4648 section 5), as WebAuthn's JSON has it. */
export function encode64(bytes: ArrayBuffer): string {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function decode64(text: string): ArrayBuffer {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0)).buffer;
}
