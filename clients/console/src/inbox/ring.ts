/** Whether the browser shows notifications for us. */
export type Permission = NotificationPermission | "unsupported";

/** What the browser says now. */
export function permission(): Permission {
  return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
}

/** Asks the user; browsers let us do so only after a click. */
export async function askPermission(): Promise<Permission> {
  return typeof Notification === "undefined" ? "unsupported" : await Notification.requestPermission();
}

interface Ring {
  /** Names the event: the same one is shown once, whichever tab shows it. */
  tag: string;
  title: string;
  body: string;
  onClick?: () => void;
}

/** Shows a notification of the browser, if it lets us. */
export function ring({ tag, title, body, onClick }: Ring): void {
  if (permission() !== "granted") return;
  try {
    const shown = new Notification(title, { tag, body });
    shown.addEventListener("click", () => {
      globalThis.focus();
      onClick?.();
      shown.close();
    });
  } catch {
    // Phones show notifications from service workers only: there the inbox tells.
  }
}
