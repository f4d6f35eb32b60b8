import type { Code, Missing, ProtoError } from "./proto_gen.ts";

/** Codes of the SDK itself, beside those of the protocol. */
export type LocalCode =
  | "closed" // the session was closed while the request waited
  | "offline" // the server could not be reached
  | "no_permission" // the browser or the person refused the camera, microphone, screen or passkey
  | "no_device" // there is no camera or microphone, or another program holds it
  | "no_passkey" // this browser or device has no passkeys
  | "media_failed" // the browser could not set up the call's media
  | "other_tab" // another tab of this browser holds the messages of this person
  | "device_removed" // this device was taken out of the person's account
  | "gone"; // what was asked for has been deleted, or was never whole

/** Every refusal and failure that the SDK throws. `code` is for programs, `message` for people. */
export class KinwireError extends Error {
  readonly code: Code | LocalCode;
  /** With "not_approved": which yes is missing between whom. */
  readonly missing: Missing[];

  constructor(
    code: Code | LocalCode,
    message: string,
    options?: ErrorOptions & { missing?: Missing[] | undefined },
  ) {
    super(message, options);
    this.name = "KinwireError";
    this.code = code;
    this.missing = options?.missing ?? [];
  }

  /** Turns an error of the wire into one to throw. */
  static from(e: ProtoError): KinwireError {
    return new KinwireError(e.code, e.message, { missing: e.missing });
  }
}

/** The code of anything that was caught; whatever is not a KinwireError counts as "internal". */
export function codeOf(e: unknown): Code | LocalCode {
  return e instanceof KinwireError ? e.code : "internal";
}

/** What is missing according to anything that was caught. */
export function missingOf(e: unknown): Missing[] {
  return e instanceof KinwireError ? e.missing : [];
}
