import type { ComponentChildren } from "preact";

const ADDRESS = /https?:\/\/[^\s<>"]+/g;
/** What ends a sentence rather than an address. */
const TAIL = /[.,;:!?'’”)\]]+$/;

/** Plain text with its web addresses as links. */
export function Text({ body }: { body: string }): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const match of body.matchAll(ADDRESS)) {
    const address = match[0].replace(TAIL, "");
    parts.push(body.slice(at, match.index));
    parts.push(
      <a key={match.index} href={address} target="_blank" rel="noopener noreferrer nofollow">
        {address}
      </a>,
    );
    at = match.index + address.length;
  }
  parts.push(body.slice(at));
  return parts;
}
