/**
 * Kinwire's SDK for web pages: log in by API, hold a session by Kinwire, talk by Call.
 *
 *     const { token } = await new API().login(name, password);
 *     const kinwire = new Kinwire({ token });
 *     kinwire.on("incoming", (call) => ring(call));
 *     kinwire.on("ready", async () => {
 *       const call = await kinwire.call([grandma], { video: true });
 *       call.on("track", ({ participantID, kind, stream }) => show(participantID, kind, stream));
 *       call.on("ended", (reason) => say(reason));
 *     });
 *     kinwire.connect();
 *
 * Signaling is the layer below, for programs that want the wire alone. Debug is for tests and support.
 */
export { API, type Demo, type DemoLogin, type Login, type PageKey, type PageRequest } from "./api.ts";
export { Call, type CallEvents } from "./call.ts";
export {
  CallData,
  DataLine,
  MAX_DATA_BYTES,
  type DataLineEvents,
  type DataLineOptions,
  type DataMessage,
} from "./data.ts";
export { Debug, type StreamDebug } from "./debug.ts";
export { Emitter, type Off } from "./emitter.ts";
export { browserClock, socketURL, type Clock, type SocketLike } from "./environment.ts";
export { codeOf, KinwireError, missingOf, type LocalCode } from "./errors.ts";
export { Kinwire, type KinwireEvents, type KinwireOptions } from "./kinwire.ts";
export { LocalMedia } from "./local.ts";
export type { MediaOptions, MediaState, RemoteTrack } from "./media.ts";
export { NetworkCheck, type NetworkCheckOptions } from "./netcheck/check.ts";
export {
  PROBES,
  type NetworkReport,
  type Probe,
  type ProbeResult,
  type ProbeState,
} from "./netcheck/types.ts";
export { createPasskey, getPasskey, passkeysSupported } from "./passkey.ts";
export type * from "./proto_gen.ts";
export { EVENT_TYPES, PROTOCOL_VERSION } from "./proto_gen.ts";
export type * from "./record.ts";
export { Signaling, type Connection, type ConnectionState, type SignalingOptions } from "./signaling.ts";
export type { CallFigures, StreamFigures } from "./summary.ts";
