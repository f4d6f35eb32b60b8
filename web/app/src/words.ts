import type { Code, LocalCode, Reason } from "@kinwire/sdk";

/** Every word that the app shows or reads out. A translation is another file of this shape. */
export const words = {
  app: "Kinwire",
  tagline: "Calls for the family",

  login: {
    title: "Who are you?",
    welcome: "Welcome",
    demo: "Tap your picture to come in.",
    other: "Another account",
    user: "Name",
    password: "Password",
    submit: "Come in",
    busy: "One moment…",
    roles: { parent: "Parent", child: "Child" },
    family: (name: string) => (/^family\b/i.test(name) ? name : `Family ${name}`),
  },

  people: {
    hello: (name: string) => `Hello, ${name}!`,
    question: "Who would you like to call?",
    nobody: "There is nobody to call yet.",
    loading: "Looking who is there…",
    online: "Here now",
    inCall: "In a call",
    offline: "Not here",
    video: (name: string) => `Video call to ${name}`,
    voice: (name: string) => `Voice call to ${name}`,
    videoShort: "Video",
    voiceShort: "Voice",
    logout: "Log out",
    together: "Call several",
    cancelTogether: "Stop choosing",
    choose: (name: string) => `Choose ${name}`,
    callChosen: (n: number) => (n === 1 ? "Call 1 person" : `Call ${n} people`),
  },

  incoming: {
    video: (name: string) => `${name} is calling you`,
    voice: (name: string) => `${name} is calling you (voice)`,
    group: (name: string, others: number) =>
      others === 1 ? `${name} is calling you and one more` : `${name} is calling you and ${others} more`,
    answer: "Answer",
    decline: "Not now",
  },

  call: {
    region: (names: string) => `Call with ${names}`,
    ringing: "Ringing…",
    connecting: "Connecting…",
    connected: "Connected",
    cameraOff: "Camera is off",
    reconnecting: "Coming back…",
    left: (name: string) => `${name} has left.`,
    lost: (name: string) => `${name}’s connection is gone. Perhaps it comes back.`,
    muted: "Microphone is off",
    you: "You",
    screenOf: (name: string) => `${name}’s screen`,
    yourScreen: "You are sharing your screen",
    mute: "Mute (M)",
    unmute: "Speak again (M)",
    cameraStop: "Camera off (V)",
    cameraStart: "Camera on (V)",
    share: "Share screen (S)",
    unshare: "Stop sharing (S)",
    hangup: "Hang up (H or Esc)",
    quality: "Call quality (I)",
    devices: "Camera and microphone (D)",
    hear: "Tap to hear",
    labels: { mic: "Mic", camera: "Camera", share: "Share", hangup: "Hang up" },
    and: (names: string[]) =>
      names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`,
  },

  devices: {
    title: "Camera and microphone",
    camera: "Camera",
    microphone: "Microphone",
    unnamed: (n: number) => `Device ${n}`,
    close: "Close",
  },

  panel: {
    title: "Call quality",
    close: "Close",
    measuring: "Measuring…",
    rtt: "Round trip",
    loss: "Loss",
    jitter: "Jitter",
    path: "Path",
    room: "Room to send",
    stream: "Stream",
    codec: "Codec",
    size: "Picture",
    rate: "Rate",
    good: "Good",
    fair: "Fair",
    poor: "Poor",
    kinds: { audio: "sound", video: "camera", screen: "screen" },
    you: "You",
  },

  connection: {
    reconnecting: "The connection is gone. Coming back…",
    media: "Picture and sound are stuck. Coming back…",
    offline: "Not connected.",
    again: "Try again",
  },

  ended: {
    again: "Call again",
    back: "Back",
    lasted: (time: string) => `You talked for ${time}.`,
  },

  /** Why a call ended. name: the others; own: this person did it. */
  reasons: {
    hangup: { own: "You hung up.", other: (n) => `${n} hung up.` },
    declined: { own: "You said not now.", other: (n) => `${n} cannot talk now.` },
    missed: { own: "You missed the call.", other: (n) => `${n} did not answer.` },
    cancelled: { own: "You stopped calling.", other: (n) => `${n} stopped calling.` },
    busy: { own: "You were in another call.", other: (n) => `${n} is in another call.` },
    lost: { own: "The connection was lost.", other: () => "The connection was lost." },
    alone: { own: "Everybody else had left.", other: () => "Everybody else had left." },
    failed: {
      own: "Picture and sound could not be connected.",
      other: () => "Picture and sound could not be connected.",
    },
    shutdown: { own: "Kinwire is being restarted.", other: () => "Kinwire is being restarted." },
    elsewhere: {
      own: "You answered on another device.",
      other: () => "You answered on another device.",
    },
  } satisfies Record<Reason, { own: string; other: (name: string) => string }>,

  /** Refusals, for people. */
  errors: {
    unauthenticated: "That name and password do not fit. Try again.",
    rate_limited: "Too many tries. Wait a moment and try again.",
    not_found: "That person cannot be found.",
    not_allowed: "You may not call this person.",
    busy: "You are in another call already.",
    call_full: "This call is full.",
    codec_unsupported: "This browser cannot show the pictures of this call.",
    unavailable: "Kinwire is busy. Try again soon.",
    offline: "Kinwire cannot be reached. Is the internet on?",
    no_permission: "The browser does not let Kinwire use the camera or microphone.",
    no_device: "No camera or microphone was found, or another program uses it.",
    media_failed: "Picture and sound could not be connected.",
    closed: "You are logged in at another place.",
  } satisfies Partial<Record<Code | LocalCode, string>> as Partial<Record<Code | LocalCode, string>>,
  errorElse: "Something went wrong. Try again.",
};

/** Minutes and seconds, as on a clock. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  const rest = `${hours ? two(Math.floor(s / 60) % 60) : Math.floor(s / 60)}:${two(s % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
