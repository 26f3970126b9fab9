import { Alert, Badge, Button, Group, Skeleton, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconPaperclip, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { ComposeService, type MessageTemplate, type RenderMessageTemplateResponse } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { Empty, Failure, FailureLine, RowSkeletons } from "../ui/states.tsx";
import { Markdown } from "./markdown/view.tsx";
import classes from "./templates.module.css";

interface TemplatesProps {
  threadId: string;
  recordType: string;
  onUse: (rendered: RenderMessageTemplateResponse) => void;
}

/** Templates to begin a message with, each shown as it would come out here. */
export default function Templates({ threadId, recordType, onUse }: TemplatesProps) {
  const t = useText();
  const [query, setQuery] = useState("");
  const [settled] = useDebouncedValue(query.trim(), 150);
  const [chosen, setChosen] = useState<MessageTemplate>();
  const list = useInfiniteQuery(
    ComposeService.method.listMessageTemplates,
    { recordType, query: settled, pageSize: 50, pageToken: "" },
    { ...byPageToken, placeholderData: keepPreviousData },
  );
  const templates = list.data?.pages.flatMap((page) => page.templates) ?? [];
  const shown = chosen ?? templates[0];
  return (
    <div className={classes.panes}>
      <div className={classes.list}>
        <TextInput size="xs" data-autofocus leftSection={<IconSearch size={15} />} placeholder={t("templates.search")} aria-label={t("templates.search")} value={query} onChange={(event) => setQuery(event.currentTarget.value)} />
        <div className={classes.scroll}>
          {list.isPending && <RowSkeletons count={4} height={44} />}
          {list.error && <Failure error={list.error} retry={() => void list.refetch()} />}
          {list.data && templates.length === 0 && <Empty text={settled === "" ? t("templates.none") : t("templates.notFound")} />}
          {templates.map((template) => (
            <UnstyledButton key={template.id} className={classes.item} data-selected={template.id === shown?.id} aria-current={template.id === shown?.id} onClick={() => setChosen(template)}>
              <Text size="sm" truncate>{template.name}</Text>
              <Text size="xs" c="dimmed" truncate>{template.subject}</Text>
            </UnstyledButton>
          ))}
          {list.hasNextPage && <Button variant="subtle" fullWidth onClick={() => void list.fetchNextPage()}>{t("action.more")}</Button>}
        </div>
      </div>
      {shown && <Preview key={shown.id} template={shown} threadId={threadId} onUse={onUse} />}
    </div>
  );
}

function Preview({ template, threadId, onUse }: { template: MessageTemplate; threadId: string; onUse: TemplatesProps["onUse"] }) {
  const t = useText();
  const [requestId] = useState(() => crypto.randomUUID());
  const ids = { requestId, messageTemplateId: template.id, threadId };
  const { data, error, refetch } = useQuery(ComposeService.method.renderMessageTemplate, { ...ids, withoutFiles: true });
  const use = useMutation(ComposeService.method.renderMessageTemplate, { onSuccess: onUse });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  return (
    <Stack className={classes.preview} gap="sm">
      <div className={classes.scroll}>
        {data ? (
          <Stack gap={8}>
            {data.subject && <Text fw={600}>{data.subject}</Text>}
            <Markdown text={data.body} mentions={[]} />
            {template.files.length > 0 && <Group gap={6}>{template.files.map((file) => <Badge key={file.id} color="gray" leftSection={<IconPaperclip size={12} aria-hidden />}>{file.name}</Badge>)}</Group>}
          </Stack>
        ) : (
          <Stack gap={8}><Skeleton h={16} w="60%" /><Skeleton h={12} /><Skeleton h={12} /><Skeleton h={12} w="70%" /></Stack>
        )}
      </div>
      {data && data.unresolved.length > 0 && (
        <Alert color="amber" p="xs" icon={<IconAlertTriangle size={16} />}>
          <Text size="xs">{t("templates.unresolved", { names: data.unresolved.map((one) => one.placeholder).join(", "), count: data.unresolved.length })}</Text>
        </Alert>
      )}
      {use.error && <FailureLine error={use.error} />}
      <Group justify="flex-end"><Button loading={use.isPending} disabled={!data} onClick={() => use.mutate({ ...ids, withoutFiles: false })}>{t("templates.use")}</Button></Group>
    </Stack>
  );
}
