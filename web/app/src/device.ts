import type { Device } from "@kinwire/sdk";

/** The app's version, from package.json; set by the build. */
declare const __APP_VERSION__: string | undefined;

/** What support and the list of signed-in devices want to know; nothing that tells one person from another. */
export function device(): Device {
  const ua = navigator as { userAgentData?: { platform?: string; mobile?: boolean } };
  const platform = ua.userAgentData?.platform ?? navigator.platform ?? "";
  return { model: browserName(navigator.userAgent), os: platform.slice(0, 64), app: appName() };
}

/** "web 0.1.0"; without a build, as in a test, "web". */
function appName(): string {
  return typeof __APP_VERSION__ === "undefined" ? "web" : `web ${__APP_VERSION__}`;
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

/** What this device is called in the list of those that read messages: "Chrome, Linux". */
export function deviceName(): string {
  const { model, os } = device();
  return [model, os].filter(Boolean).join(", ") || "Browser";
}
