import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { useApp } from "./context.ts";

/** What can be done with a chat that has ended. */
export function Ended(): VNode {
  const { words, conversation } = useApp();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const again = async (): Promise<void> => {
    setBusy(true);
    setFailed(false);
    try {
      await conversation.reopen();
    } catch {
      setFailed(true);
      setBusy(false);
    }
  };
  return (
    <div class="ended">
      <button type="button" class="primary" disabled={busy} onClick={() => void again()}>
        {words.chatAgain}
      </button>
      <button type="button" class="plain" disabled={busy} onClick={() => conversation.fresh()}>
        {words.newChat}
      </button>
      {failed && <p role="alert">{words.actionFailed}</p>}
    </div>
  );
}
