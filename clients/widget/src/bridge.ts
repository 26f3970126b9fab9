/** What the website's script and the chat window tell each other. */

/** From the website to the window. */
export type Call =
  | { parley: "hello" | "open"; page: string; referrer: string; dir: string; focus: boolean }
  | { parley: "close" | "logout" };

/** From the window to the website. */
export type Report =
  /** The window's program runs and waits for "hello". */
  | { parley: "up" }
  /** All that the launcher shows; open says that the window was open before. */
  | { parley: "look"; color: string; ink: string; unread: number; name: string; closeName: string; news: string; open: boolean }
  | { parley: "close" }
  /** There is no such channel. */
  | { parley: "gone" };
