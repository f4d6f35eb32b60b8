/**
 * Stickers that are drawn here: shapes on 100×100, so that they look the same on every device. The
 * names travel in messages: one that was ever sent must stay.
 */
type Shape = readonly [tag: "path" | "circle" | "ellipse" | "rect", attrs: Readonly<Record<string, string>>];

const INK = "#3a2433";
const line = (d: string, stroke = INK, width = "4"): Shape => [
  "path",
  { d, fill: "none", stroke, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" },
];
const area = (d: string, fill: string): Shape => ["path", { d, fill }];
const disc = (cx: number, cy: number, r: number, fill: string): Shape => [
  "circle",
  { cx: String(cx), cy: String(cy), r: String(r), fill },
];
const oval = (cx: number, cy: number, rx: number, ry: number, fill: string): Shape => [
  "ellipse",
  { cx: String(cx), cy: String(cy), rx: String(rx), ry: String(ry), fill },
];
const eyes = (y: number, apart = 14): Shape[] => [disc(50 - apart, y, 4, INK), disc(50 + apart, y, 4, INK)];
const cheeks = (y: number, apart = 24): Shape[] => [
  oval(50 - apart, y, 6, 4, "#ff9d9d"),
  oval(50 + apart, y, 6, 4, "#ff9d9d"),
];
const smile = (y: number): Shape => line(`M38 ${y}q12 12 24 0`);

const RAYS = Array.from({ length: 8 }, (_, i) => {
  const turn = (i * Math.PI) / 4;
  const at = (r: number) => `${(50 + r * Math.cos(turn)).toFixed(1)} ${(50 + r * Math.sin(turn)).toFixed(1)}`;
  return line(`M${at(36)}L${at(46)}`, "#f5a623", "7");
});

const PICTURES = {
  sun: [...RAYS, disc(50, 50, 30, "#ffd34d"), ...eyes(46, 11), ...cheeks(56, 18), smile(55)],
  heart: [
    area("M50 88C18 64 8 46 8 31A22 22 0 0 1 50 24 22 22 0 0 1 92 31C92 46 82 64 50 88z", "#f0506e"),
    ...eyes(42),
    ...cheeks(52),
    smile(52),
  ],
  star: [
    area("M50 6l13 28 31 4-23 21 6 31-27-15-27 15 6-31L6 38l31-4z", "#ffc83d"),
    ...eyes(48, 11),
    ...cheeks(57, 19),
    smile(57),
  ],
  cat: [
    area("M18 46L16 12l24 14z", "#f29f4b"),
    area("M82 46l2-34-24 14z", "#f29f4b"),
    oval(50, 55, 38, 34, "#f9b76b"),
    ...eyes(50, 16),
    area("M44 60h12l-6 7z", "#e0607a"),
    line("M50 67q-7 8-14 2M50 67q7 8 14 2"),
    line("M8 58l18 3M8 70l18-3M92 58l-18 3M92 70l-18-3", INK, "2.5"),
  ],
  dog: [
    oval(50, 54, 34, 34, "#e9c9a1"),
    area("M22 26C6 24 4 50 14 62c10-4 14-16 14-28z", "#9a6a3f"),
    area("M78 26c16-2 18 24 8 36-10-4-14-16-14-28z", "#9a6a3f"),
    ...eyes(46, 14),
    oval(50, 59, 8, 6, INK),
    area("M43 72h14v8a7 7 0 0 1-14 0z", "#f0506e"),
    line("M50 65v5M36 68q7 7 14 2q7 5 14-2"),
  ],
  rainbow: [
    line("M12 72a38 38 0 0 1 76 0", "#f0506e", "8"),
    line("M20 72a30 30 0 0 1 60 0", "#ffb03b", "8"),
    line("M28 72a22 22 0 0 1 44 0", "#63c05e", "8"),
    line("M36 72a14 14 0 0 1 28 0", "#4f9df0", "8"),
    oval(18, 76, 15, 10, "#dfeefd"),
    oval(82, 76, 15, 10, "#dfeefd"),
  ],
  rocket: [
    area("M34 66L18 82l18 2zM66 66l16 16-18 2z", "#f0506e"),
    area("M50 4c18 16 22 40 14 66H36C28 44 32 20 50 4z", "#eef1f7"),
    area("M50 4c7 6 12 14 14 22H36c2-8 7-16 14-22z", "#f0506e"),
    disc(50, 42, 10, "#4f9df0"),
    area("M40 74h20l-10 22z", "#ffb03b"),
  ],
  cake: [
    area("M14 56h72v32H14z", "#f9c6d7"),
    area("M14 56h72v8q-9 10-18 0-9 10-18 0-9 10-18 0-9 10-18 0z", "#fff6ec"),
    line("M50 34v22", "#4f9df0", "7"),
    area("M50 12c9 10 8 18 0 20-8-2-9-10 0-20z", "#ffb03b"),
    line("M8 90h84", "#9a6a3f", "6"),
  ],
  hug: [
    disc(36, 40, 20, "#ffd9a8"),
    disc(66, 40, 20, "#c9e2ff"),
    area("M10 94c0-26 16-34 28-34h26c12 0 28 8 28 34z", "#8fd3a5"),
    line("M30 36q4-4 8 0M62 36q4-4 8 0M30 48q6 5 12 0M60 48q6 5 12 0"),
    line("M26 74q22 16 50 0", "#5aa975", "6"),
  ],
  thumb: [
    area("M14 48h20v42H14z", "#4f9df0"),
    area("M34 50l16-38q14 2 10 18l-3 12h23q9 1 8 10l-6 30q-2 8-10 8H34z", "#ffd9a8"),
    line("M62 56h22M62 68h20M60 80h18", "#e0a76c", "3"),
  ],
  night: [
    disc(50, 50, 42, "#34406e"),
    area("M60 20a30 30 0 1 0 16 44A26 26 0 0 1 60 20z", "#ffe08a"),
    line("M62 40h12l-12 14h12", "#ffffff", "4"),
  ],
  oops: [
    disc(50, 50, 40, "#ffd34d"),
    ...eyes(42),
    oval(50, 66, 9, 11, INK),
    area("M80 24c8 12 6 20 0 20s-8-8 0-20z", "#4f9df0"),
  ],
} as const satisfies Record<string, readonly Shape[]>;

export type DrawingName = keyof typeof PICTURES;

/** In the order of the board. */
export const DRAWINGS = Object.keys(PICTURES) as DrawingName[];

export function isDrawing(name: string): name is DrawingName {
  return Object.hasOwn(PICTURES, name);
}

const SVG = "http://www.w3.org/2000/svg";

/** The drawing, for people who see; the text beside it is for all others. */
export function drawing(name: DrawingName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "drawing");
  for (const [tag, attrs] of PICTURES[name]) {
    const shape = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attrs)) shape.setAttribute(key, value);
    svg.append(shape);
  }
  return svg;
}
