import { TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp, IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useZone } from "../activities/query.ts";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import { FailureLine } from "../ui/states.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { HitCount } from "./count.tsx";
import { Hit, HIT_HEIGHT } from "./hit.tsx";
import { useMessageSearch } from "./query.ts";
import classes from "./search.module.css";

interface ThreadSearchProps {
  threadId: string;
  /** Shows the message at a place of the thread. */
  onJump: (seq: bigint) => void;
  onClose: () => void;
}

/** Finds messages within one thread and jumps to them: Enter to the older one, Shift+Enter to the newer one. */
export function ThreadSearch({ threadId, onJump, onClose }: ThreadSearchProps) {
  const t = useText();
  const zone = useZone();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const [query] = useDebouncedValue(typed.trim(), 200);
  const [chosen, setChosen] = useState({ query: "", at: -1 });
  const list = useMessageSearch({ query, threadId }, zone);
  const results = query === "" ? [] : (list.data?.pages.flatMap((page) => page.results) ?? []);
  const first = list.data?.pages[0];
  const at = chosen.query === query ? chosen.at : -1;
  const more = list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined;

  useEffect(() => input.current?.focus(), []);

  function jump(index: number): void {
    const result = results[index];
    if (!result) return;
    setChosen({ query, at: index });
    onJump(result.seq);
    if (index >= results.length - 3) more?.();
  }

  function key(event: KeyboardEvent): void {
    if (event.key === "Escape") onClose();
    else if (event.key === "Enter") jump(event.shiftKey ? at - 1 : at + 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <search className={classes.inThread}>
      <div className={classes.inThreadBar}>
        <TextInput
          size="xs"
          flex={1}
          ref={input}
          leftSection={<IconSearch size={15} />}
          placeholder={t("search.inThread")}
          aria-label={t("search.inThread")}
          maxLength={200}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={key}
        />
        {query !== "" && first && <HitCount first={first} />}
        <IconButton label={t("search.newer")} disabled={at <= 0} onClick={() => jump(at - 1)}><IconChevronUp size={16} /></IconButton>
        <IconButton label={t("search.older")} disabled={at >= results.length - 1} onClick={() => jump(at + 1)}><IconChevronDown size={16} /></IconButton>
        <IconButton label={t("action.close")} onClick={onClose}><IconX size={16} /></IconButton>
      </div>
      {list.error && query !== "" && <FailureLine error={list.error} retry={() => void list.refetch()} />}
      {results.length > 0 && (
        <div className={classes.inThreadList} style={{ blockSize: Math.min(results.length, 3) * HIT_HEIGHT }}>
          <VirtualList items={results} keyOf={(one) => one.messageId} height={HIT_HEIGHT} label={t("search.results")} selected={at} onEnd={more}>
            {(result, index) => <UnstyledButton className={classes.row} data-selected={index === at} onClick={() => jump(index)}><Hit result={result} /></UnstyledButton>}
          </VirtualList>
        </div>
      )}
    </search>
  );
}
