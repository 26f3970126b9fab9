const BROWSERS: [RegExp, string][] = [
  [/Edg\//u, "Edge"],
  [/OPR\//u, "Opera"],
  [/SamsungBrowser/u, "Samsung Internet"],
  [/Firefox\/|FxiOS/u, "Firefox"],
  [/Chrome\/|CriOS/u, "Chrome"],
  [/Safari\//u, "Safari"],
];

const SYSTEMS: [RegExp, string][] = [
  [/iPhone|iPad/u, "iOS"],
  [/Android/u, "Android"],
  [/Windows/u, "Windows"],
  [/Mac OS X/u, "macOS"],
  [/Linux/u, "Linux"],
];

/** "Firefox on Windows" from what a browser calls itself; the whole of it where that fails. */
export function browserName(userAgent: string): string {
  const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1];
  return browser && system ? `${browser} · ${system}` : (browser ?? userAgent.slice(0, 80));
}
