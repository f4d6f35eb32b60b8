import type { Device } from "@kinwire/sdk";

/** What support and the list of signed-in devices want to know; nothing that tells one person from another. */
export function device(): Device {
  const ua = navigator as { userAgentData?: { platform?: string; mobile?: boolean } };
  const platform = ua.userAgentData?.platform ?? navigator.platform ?? "";
  return { model: browserName(navigator.userAgent), os: platform.slice(0, 64), app: "web" };
}

const BROWSERS: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|Chromium)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

/** The browser's name by its User-Agent, "" for others. */
export function browserName(userAgent: string): string {
  return BROWSERS.find(([sign]) => sign.test(userAgent))?.[1] ?? "";
}
