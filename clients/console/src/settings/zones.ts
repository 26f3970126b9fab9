/** Names of today for zones that some browsers still list by an old one. */
const RENAMED: Readonly<Record<string, string>> = {
  "America/Godthab": "America/Nuuk",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
};

/** The zones to choose from: those that the browser knows, and the chosen one. */
export function zonesFrom(known: readonly string[], chosen: string): string[] {
  const names = known.map((name) => RENAMED[name] ?? name);
  return [...new Set(chosen === "" ? names : [...names, chosen])].sort();
}
