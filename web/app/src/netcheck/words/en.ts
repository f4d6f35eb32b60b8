/** The words of the check of the network. Children and grandparents read them: no word for specialists. */
export const netcheck = {
  open: "Why is my picture black?",
  title: "Why is my picture black?",
  hint: "This looks whether video calls get through from here, and whether the camera and the microphone work.",
  camera: "The browser asks for the camera and the microphone. Nobody else sees or hears you.",
  start: "Start the check",
  again: "Check again",
  running: "Checking. This takes up to half a minute…",
  yourPicture: "This is what your camera sees",

  lines: {
    https: "Kinwire answers",
    websocket: "Calls can ring",
    stun: "The way in from outside",
    turn_udp: "By a helper, the fast way",
    turn_tcp: "By a helper, the slow way",
    turn_tls: "By a helper, the hidden way",
    sfu_udp: "Straight, the fast way",
    sfu_tcp: "Straight, the slow way",
    camera: "Camera",
    microphone: "Microphone",
    codecs: "Kinds of video",
  },
  states: {
    waiting: "",
    running: "…",
    ok: "Works",
    okIn: "Works, {ms} ms",
    failed: "Blocked",
    absent: "Not here",
    unsure: "Not known",
  },
  devices: {
    picture: "There is a picture",
    sound: "There is sound",
    black: "The picture is black",
    silent: "No sound",
    denied: "Not allowed",
    none: "None found",
    busy: "In use elsewhere",
  },
  codecsNone: "None that fits",

  verdicts: {
    good: {
      title: "Your network lets video calls through",
      text: "Picture and sound can go both ways.",
    },
    slow: {
      title: "Video calls work here, but not well",
      text: "Picture and sound get through, but they may stop and start.",
    },
    blocked: {
      title: "This network blocks video calls",
      text: "Pages open, but picture and sound do not get through.",
    },
    offline: {
      title: "Kinwire cannot be reached",
      text: "The internet may be off, or Kinwire is having a rest.",
    },
    unsure: {
      title: "The check could not be done",
      text: "That says nothing about your network.",
    },
  },
  butCamera: "The network is fine, but the camera is not",
  butMicrophone: "The network is fine, but the microphone is not",

  advice: {
    reload: "Look whether other pages open. Switch the Wi-Fi off and on again, then check again.",
    otherNetwork:
      "Try another network: the Wi-Fi at home, or a grown-up’s phone as a hotspot. At school, in a hotel or at work video calls are often blocked.",
    askHelper:
      "Whoever looks after this network can let Kinwire through: show them the table at the end of this page.",
    socketBlocked: "Something on the way, such as a filter, cuts the line on which calls ring.",
    tcpOnly:
      "Only the slow way is open, where one lost piece holds up all others. The picture may get stuck.",
    far: "It takes long until something arrives. Go closer to the Wi-Fi, and let nobody download big things meanwhile.",
    wait: "Wait a minute, then check again.",
    oldBrowser: "This browser cannot show Kinwire’s pictures. Update it, or use another one.",
    cameraDenied:
      "The browser does not let Kinwire use the camera. Tap the picture of a lock or camera beside the page’s address and allow it.",
    cameraNone: "No camera was found. Is it plugged in?",
    cameraBusy: "Another program uses the camera. Close it, then check again.",
    cameraBlack:
      "The camera works, but sees only black. Is a cover over the lens? Is it switched off at the side? Is it dark where you are?",
    microphoneDenied:
      "The browser does not let Kinwire use the microphone. Tap the picture of a lock beside the page’s address and allow it.",
    microphoneNone: "No microphone was found. Is it plugged in?",
    microphoneBusy: "Another program uses the microphone. Close it, then check again.",
    microphoneSilent: "The microphone is quite silent. Is it switched off, at itself or in the settings?",
  },

  support: "For somebody who helps",
  supportHint: "Copy this and send it to whoever helps you. There is no name and no full address in it.",
} as const;
