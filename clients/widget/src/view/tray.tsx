import type { VNode } from "preact";
import { useApp, useUploads } from "./context.ts";
import { bytes } from "./format.ts";
import { CloseIcon, FileIcon } from "./icons.tsx";
import type { Upload } from "./uploads.ts";

/** The files that go with the message being written. */
export function Tray(): VNode {
  const items = useUploads();
  return (
    <ul class="tray" hidden={items.length === 0}>
      {items.map((item) => (
        <Item key={item.key} item={item} />
      ))}
    </ul>
  );
}

function Item({ item }: { item: Upload }): VNode {
  const { words, uploads } = useApp();
  const bad = item.tooBig ?? item.failed;
  return (
    <li class={bad ? "bad" : ""}>
      <FileIcon />
      <span>
        <b dir="auto">{item.name}</b>
        <small role="status">{note(item)}</small>
        {!bad && !item.file && <progress value={item.progress} aria-label={item.name} />}
      </span>
      {item.failed && (
        <button type="button" class="plain" onClick={() => uploads.retry(item.key)}>
          {words.retry}
        </button>
      )}
      <button type="button" class="icon" aria-label={`${words.remove}: ${item.name}`} title={words.remove} onClick={() => uploads.remove(item.key)}>
        <CloseIcon />
      </button>
    </li>
  );

  function note({ tooBig, failed, size }: Upload): string {
    if (tooBig) return words.tooBig(bytes(uploads.limit));
    return failed ? words.uploadFailed : bytes(size);
  }
}
