import { child } from "../child/words/en.ts";
import { ops } from "../ops/words/en.ts";
import { parent } from "../parent/words/en.ts";
import { signin } from "../signin/words/en.ts";

/**
 * Every word that the app shows or reads out, in English: the shape of all other languages. {name} is a
 * hole that say() fills; an object of "one" and "other" is a plural for count(). Each face has a file of
 * its own beside its screens.
 */
export const en = {
  app: "Kinwire",
  tagline: "Calls for the family",

  common: {
    back: "Back",
    close: "Close",
    cancel: "Cancel",
    save: "Save",
    saved: "Saved.",
    yes: "Yes",
    no: "No",
    next: "Next",
    done: "Done",
    again: "Try again",
    busy: "One moment…",
    more: "Show more",
    copy: "Copy",
    copied: "Copied.",
    remove: "Remove",
    language: "Language",
    logout: "Log out",
    nothing: "Nothing here yet.",
    qr: "QR code to scan",
    picture: "Picture",
    pictures: "Your secret pictures",
    picturesHint: "Tap {n} pictures or more, in your order.",
    picturesChosen: { one: "{n} picture chosen", other: "{n} pictures chosen" },
    erase: "Erase one",
    country: "Country",
    birthDate: "Date of birth",
    now: "now",
  },

  roles: { parent: "Parent", child: "Child", teen: "Teen", adult: "Adult", staff: "Kinwire staff" },

  people: {
    hello: "Hello, {name}!",
    question: "Who would you like to call?",
    nobody: "There is nobody to call yet.",
    loading: "Looking who is there…",
    online: "Here now",
    inCall: "In a call",
    offline: "Not here",
    lastSeen: "Last here {when}",
    video: "Video call to {name}",
    voice: "Voice call to {name}",
    videoShort: "Video",
    voiceShort: "Voice",
    more: "More about {name}",
    together: "Call several",
    cancelTogether: "Stop choosing",
    choose: "Choose {name}",
    callChosen: { one: "Call {n} person", other: "Call {n} people" },
  },

  incoming: {
    video: "{name} is calling you",
    voice: "{name} is calling you (voice)",
    group: { one: "{name} is calling you and one more", other: "{name} is calling you and {n} more" },
    answer: "Answer",
    decline: "Not now",
    waiting: "If you answer, your call with {name} ends for you.",
    waitingAnswer: "End this call and answer",
  },

  call: {
    region: "Call with {names}",
    calling: "Calling…",
    ringing: "Ringing…",
    connecting: "Connecting…",
    connected: "Connected",
    cameraOff: "Camera is off",
    reconnecting: "Coming back…",
    left: "{name} has left.",
    lost: "{name}’s connection is gone. Perhaps it comes back.",
    muted: "Microphone is off",
    you: "You",
    screenOf: "{name}’s screen",
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
    add: "Add a friend (A)",
    hear: "Tap to hear",
    noVideo: "Voice only: a parent has switched video off.",
    warnings: {
      quiet_hours: "Your call ends at {time}: quiet time begins.",
      allowance: "Your call ends at {time}: then today’s call time is used up.",
    },
    labels: { mic: "Mic", camera: "Camera", share: "Share", add: "Add", hangup: "Hang up" },
  },

  add: {
    title: "Add a friend",
    hint: "Who shall come too?",
    nobody: "All your friends who can come are in this call.",
    rings: "It rings at {name}’s.",
  },

  devices: {
    title: "Camera and microphone",
    camera: "Camera",
    microphone: "Microphone",
    unnamed: "Device {n}",
  },

  panel: {
    title: "Call quality",
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
  },

  ended: {
    again: "Call again",
    lasted: "You talked for {time}.",
  },

  /** Why a call ended. own: this person did it; theirs: the others, called {names}, did. */
  reasons: {
    hangup: { own: "You hung up.", theirs: "{names} hung up." },
    declined: { own: "You said not now.", theirs: "{names} cannot talk now." },
    missed: { own: "You missed the call.", theirs: "{names} did not answer." },
    cancelled: { own: "You stopped calling.", theirs: "{names} stopped calling." },
    busy: { own: "You were in another call.", theirs: "{names} is in another call." },
    lost: { own: "The connection was lost.", theirs: "The connection was lost." },
    alone: { own: "Everybody else had left.", theirs: "Everybody else had left." },
    failed: {
      own: "Picture and sound could not be connected.",
      theirs: "Picture and sound could not be connected.",
    },
    shutdown: { own: "Kinwire is being restarted.", theirs: "Kinwire is being restarted." },
    not_allowed: { own: "This call may not go on.", theirs: "This call may not go on." },
    quiet_hours: {
      own: "Quiet time has begun. Talk again later!",
      theirs: "Quiet time has begun. Talk again later!",
    },
    allowance: {
      own: "Today’s call time is used up. Talk again tomorrow!",
      theirs: "Today’s call time is used up. Talk again tomorrow!",
    },
    elsewhere: { own: "You answered on another device.", theirs: "You answered on another device." },
  },

  /** Refusals, for people, by their code. */
  errors: {
    bad_message: "Something in this form does not fit. Look at it again.",
    unauthenticated: "That name and password do not fit. Try again.",
    rate_limited: "Too many tries. Wait a moment and try again.",
    too_large: "This is too large.",
    not_found: "This cannot be found.",
    not_allowed: "This is not allowed.",
    busy: "You are in another call already.",
    wrong_state: "That has changed meanwhile. Look again.",
    call_full: "This call is full.",
    codec_unsupported: "This browser cannot show the pictures of this call.",
    unavailable: "Kinwire is busy. Try again soon.",
    too_young: "A parent has to make your account. Ask your mother, father or whoever looks after you.",
    text_refused:
      "Use a nickname without phone numbers, addresses, e-mail or the name of a school. That keeps you safe.",
    taken: "Somebody has this name already. Choose another one.",
    needs_consent: "A parent has to allow this first.",
    not_approved: "Not everybody here may talk to everybody yet.",
    quiet_hours: "It is quiet time now. Call again later.",
    allowance_used: "Today’s call time is used up. Call again tomorrow.",
    suspended: "This account has been stopped. A grown-up can write to the people who run Kinwire here.",
    offline: "Kinwire cannot be reached. Is the internet on?",
    no_permission: "The browser does not let Kinwire use the camera or microphone.",
    no_device: "No camera or microphone was found, or another program uses it.",
    no_passkey: "This browser cannot use passkeys.",
    media_failed: "Picture and sound could not be connected.",
    closed: "You are logged in at another place.",
  },
  errorElse: "Something went wrong. Try again.",

  signin,
  child,
  parent,
  ops,
} as const;
