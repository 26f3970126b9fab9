import type { VNode } from "preact";
import type { State, Talk } from "../core/store.ts";
import { seqOf } from "../core/talk.ts";
import { useApp } from "./context.ts";
import { Files } from "./files.tsx";
import { clockTime, exactTime, initials } from "./format.ts";
import { AlertIcon, ClockIcon, ReadIcon, SentIcon } from "./icons.tsx";
import type { Said } from "./rows.ts";
import { Text } from "./text.tsx";

/** One message. */
export function Bubble({ row, state }: { row: Said; state: State }): VNode {
  const { words } = useApp();
  const name = row.own ? words.you : row.message?.author?.name || words.team;
  const body = row.message?.body ?? row.sending?.body ?? "";
  const deleted = row.message?.deleteTime !== undefined;
  const files = row.message?.files ?? row.sending?.files ?? [];
  const classes = ["said", row.own ? "own" : "other", row.first && "first", row.last && "last", row.sending?.failed && "failed"];
  return (
    <div class={classes.filter(Boolean).join(" ")}>
      {!row.own && row.first && (
        <p class="author" aria-hidden="true">
          <span class="avatar">{initials(name)}</span>
          {name}
        </p>
      )}
      <div class="stack" title={exactTime(row.time)}>
        <span class="quiet">{name}: </span>
        {deleted && <p class="bubble deleted">{words.deleted}</p>}
        {!deleted && body && (
          <p class="bubble" dir="auto">
            <Text body={body} />
            {row.message?.editTime && <small> ({words.edited})</small>}
          </p>
        )}
        {!deleted && files.length > 0 && <Files files={files} />}
      </div>
      <Meta row={row} talk={state.talk} />
    </div>
  );
}

/** When it was said and how far it has come. */
function Meta({ row, talk }: { row: Said; talk: Talk }): VNode | null {
  const { words } = useApp();
  if (row.sending?.failed !== undefined) return <Failed row={row} />;
  const newest = row.own && row.message && talk.messages.findLast((message) => message.author?.kind === "PARTY_KIND_VISITOR") === row.message;
  if (!row.last && !row.sending && !newest) return null;
  const read = row.message && talk.othersRead >= seqOf(row.message);
  return (
    <p class="meta">
      <time dateTime={new Date(row.time).toISOString()}>{clockTime(row.time)}</time>
      {row.sending && (
        <>
          <ClockIcon /> <span>{words.waiting}</span>
        </>
      )}
      {newest && (
        <>
          {read ? <ReadIcon /> : <SentIcon />} <span>{read ? words.read : words.sent}</span>
        </>
      )}
    </p>
  );
}

function Failed({ row }: { row: Said }): VNode {
  const { words, conversation } = useApp();
  const id = row.key;
  const ended = row.sending?.failed === "CHAT_CLOSED";
  return (
    <p class="meta failed" role="alert">
      <AlertIcon /> <span>{ended ? words.failedClosed : words.failed}</span>
      {!ended && (
        <button type="button" onClick={() => conversation.retry(id)}>
          {words.retry}
        </button>
      )}
      <button type="button" onClick={() => conversation.discard(id)}>
        {words.discard}
      </button>
    </p>
  );
}
