/** Icons drawn on 24×24, one or more outlines each. */
const PATHS = {
  video: ["M3 7a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z", "M16 10.5 21 7v10l-5-3.5"],
  videoOff: [
    "M16 10.5 21 7v10l-5-3.5",
    "M3 7v10a2 2 0 0 0 2 2h9a2 2 0 0 0 1.7-1",
    "M9 5h5a2 2 0 0 1 2 2v5",
    "M3 3l18 18",
  ],
  mic: [
    "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3z",
    "M5.5 11a6.5 6.5 0 0 0 13 0",
    "M12 17.5V21",
    "M8.5 21h7",
  ],
  micOff: [
    "M9 9v2a3 3 0 0 0 4.8 2.4",
    "M15 11V6a3 3 0 0 0-5.8-1",
    "M5.5 11a6.5 6.5 0 0 0 10.5 5.1",
    "M18.3 12.5a6 6 0 0 0 .2-1.5",
    "M12 17.5V21",
    "M8.5 21h7",
    "M3 3l18 18",
  ],
  phone: [
    "M6.5 3.5 9 3l2 5-2.2 1.6a12 12 0 0 0 5.6 5.6L16 13l5 2-.5 2.5c-.3 1.7-1.7 3-3.5 3C9.6 20 4 14.4 3.5 7c0-1.8 1.3-3.2 3-3.5z",
  ],
  hangup: [
    "M2.5 14.5c5-5.5 14-5.5 19 0l-1.6 2.6a1.5 1.5 0 0 1-1.9.6L15 16.4a1.5 1.5 0 0 1-.9-1.3v-1.9a13 13 0 0 0-4.2 0v1.9a1.5 1.5 0 0 1-.9 1.3l-3 1.3a1.5 1.5 0 0 1-1.9-.6z",
  ],
  screen: [
    "M3 6a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z",
    "M12 13V8",
    "M9.5 10 12 7.5 14.5 10",
    "M8 21h8",
  ],
  screenOff: [
    "M3 6a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z",
    "M9.5 8l5 5",
    "M14.5 8l-5 5",
    "M8 21h8",
  ],
  signal: ["M4 18v2", "M9 14v6", "M14 10v10", "M19 5v15"],
  settings: ["M4 7h9", "M17 7h3", "M4 17h3", "M11 17h9", "M15 5v4", "M9 15v4"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  logout: ["M14 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h8", "M10 12h11", "M17.5 8.5 21 12l-3.5 3.5"],
  group: [
    "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
    "M2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6",
    "M16 5a3.5 3.5 0 0 1 0 6.3",
    "M17.5 14.3c2.3.7 3.7 2.6 4 5.7",
  ],
  check: ["M5 12.5 10 17.5 19.5 7"],
  back: ["M15 5l-7 7 7 7"],
  add: ["M12 5v14", "M5 12h14"],
  addFriend: [
    "M10 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
    "M3.5 20c.5-4 3-6 6.5-6s6 2 6.5 6",
    "M19 7v6",
    "M16 10h6",
  ],
  more: [
    "M5 11.25a.75.75 0 1 0 0 1.5.75.75 0 0 0 0-1.5z",
    "M12 11.25a.75.75 0 1 0 0 1.5.75.75 0 0 0 0-1.5z",
    "M19 11.25a.75.75 0 1 0 0 1.5.75.75 0 0 0 0-1.5z",
  ],
  heart: ["M12 20C5 15 3 11.5 3 8.5A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 9 1.5c0 3-2 6.5-9 11.5z"],
  history: ["M4 12a8 8 0 1 0 2.5-5.8", "M4 4v4h4", "M12 8v4l3 2"],
  missed: ["M21 8l-6.5 6.5-5-5L4 15", "M4 10v5h5"],
  outgoing: ["M6 18 18 6", "M9 6h9v9"],
  incoming: ["M18 6 6 18", "M15 18H6V9"],
  flag: ["M6 21V4", "M6 4h11l-2.5 4L17 12H6"],
  block: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M5.8 5.8l12.4 12.4"],
  bell: ["M6 10a6 6 0 0 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7z", "M10 20a2 2 0 0 0 4 0"],
  key: ["M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M11 12.5 20 4", "M16.5 7.5 19.5 10.5"],
  camera: ["M4 8h3l2-3h6l2 3h3v11H4z", "M12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  trash: ["M4 7h16", "M9 7V4h6v3", "M6 7l1 13h10l1-13"],
  device: ["M7 3h10v18H7z", "M11 18h2"],
  globe: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M3 12h18", "M12 3c5 5 5 13 0 18", "M12 3c-5 5-5 13 0 18"],
  clock: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M12 7v5l3.5 2"],
} as const;

export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

/** An icon for people who see; screen readers hear the text beside it. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  for (const d of PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
