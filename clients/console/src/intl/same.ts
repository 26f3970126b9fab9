/** Texts that are rightly as in English: in all languages, and in some. */
export const SAME: Record<string, readonly string[]> = {
  all: ["Parley", "WhatsApp"],
  de: ["Alias", "Auto", "Browser", "Chats", "Code", "Domain", "Emoji", "Enter", "Filter", "Link", "Name", "Offline", "Online", "Plan", "Text"],
  it: ["Alias", "Auto", "Browser", "E-mail", "Emoji", "File", "Link", "No", "Offline", "Online", "Password", "Record"],
  sv: ["Alias", "Auto", "Emoji", "Enter", "Filter", "Offline", "Online", "Plan", "Text"],
  uk: ["Enter"],
  zh: ["Enter"],
};

/** Names, keys and code that stay in Latin letters in every script. */
export const LATIN = new Set([
  "API", "CEL", "CSV", "Ctrl", "DKIM", "DNS", "Enter", "Escape", "ID", "JSON", "LibreTranslate", "Markdown", "PEM", "Parley", "Shift", "TXT", "URL", "WhatsApp",
  "T-00042", "domain", "https", "required", "smtp", "smtps", "tls", "webhook", "assignee", "id", "now", "number", "orders", "record", "shop.example", "user", "record.assignee", "user.id",
]);
