import type { VNode } from "preact";

const icon = (path: string, width = 1.9) => (): VNode => (
  <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
    <path d={path} fill="none" stroke="currentColor" stroke-width={width} stroke-linecap="round" stroke-linejoin="round" />
  </svg>
);

export const CloseIcon = icon("M6 6l12 12M18 6 6 18");
export const MoreIcon = icon("M5.5 12h.01M12 12h.01M18.5 12h.01", 3.4);
export const ClipIcon = icon("m20 11.5-8 8a5 5 0 0 1-7.1-7.100l8.3-8.200a3.3 3.3 0 0 1 4.7 4.700l-8.2 8.200a1.7 1.7 0 0 1-2.4-2.400l7.5-7.4");
export const SendIcon = icon("M12 19V5M5.5 11.5 12 5l6.5 6.5");
export const DownIcon = icon("M12 5v14M5.5 12.5 12 19l6.5-6.5");
export const FileIcon = icon("M13.5 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.500zM13.5 3v5.500H19");
export const ClockIcon = icon("M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0");
export const SentIcon = icon("m5 12.5 4.5 4.500L19 7.5");
export const ReadIcon = icon("m2 12.5 4.5 4.500L16 7.500M12 17l1 0 9.5-9.5");
export const AlertIcon = icon("M12 8v5M12 16.500h.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0");
