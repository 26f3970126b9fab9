import { Badge, Button, Select, Switch, TextInput } from "@mantine/core";
import { createConnectQueryKey, useInfiniteQuery } from "@connectrpc/connect-query";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { IconPaperclip, IconPlus, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { ComposeService, Role, type MessageTemplate } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { Frame } from "../settings/frame.tsx";
import settings from "../settings/settings.module.css";
import { Empty } from "../ui/states.tsx";
import { TemplateEditor } from "./template-editor.tsx";
import classes from "./templates.module.css";

const route = getRouteApi("/app/settings/templates");

/** Messages to begin with: the list of them, and an editor. */
export function TemplatesPage() {
  const { template } = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const anew = (): void => void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ComposeService.method.listMessageTemplates, cardinality: undefined }) });
  if (template === undefined) return <TemplateList />;
  return (
    <TemplateEditor
      key={template}
      id={template === "new" ? "" : template}
      onBack={() => void navigate({ search: {} })}
      onSaved={(id) => {
        anew();
        if (id !== template) void navigate({ search: { template: id }, replace: true });
      }}
      onDeleted={() => {
        anew();
        void navigate({ search: {} });
      }}
    />
  );
}

function TemplateList() {
  const t = useText();
  const navigate = route.useNavigate();
  const types = useRecordTypes().data?.recordTypes ?? [];
  const [type, setType] = useState("");
  const [typed, setTyped] = useState("");
  const [archived, setArchived] = useState(false);
  const [words] = useDebouncedValue(typed.trim(), 150);
  const query = useInfiniteQuery(
    ComposeService.method.listMessageTemplates,
    { recordType: type, query: words, includeArchived: archived, pageSize: 100, pageToken: "" },
    { ...byPageToken, placeholderData: keepPreviousData },
  );
  const templates = query.data?.pages.flatMap((page) => page.templates) ?? [];
  const narrowed = type !== "" || words !== "";
  const add = <Button leftSection={<IconPlus size={15} />} onClick={() => void navigate({ search: { template: "new" } })}>{t("template.add")}</Button>;
  return (
    <Frame title={t("settings.templates")} hint={t("template.hint")} role={Role.AGENT} query={query} actions={add}>
      <div className={classes.filters}>
        <TextInput size="xs" leftSection={<IconSearch size={15} />} placeholder={t("templates.search")} aria-label={t("templates.search")} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
        <Select size="xs" w={160} aria-label={t("activity.recordType")} allowDeselect={false} data={[{ value: "", label: t("template.allTypes") }, ...types.map((one) => ({ value: one.name, label: one.pluralLabel || one.label }))]} value={type} onChange={(value) => setType(value ?? "")} />
        <Switch size="xs" label={t("settings.showArchived")} checked={archived} onChange={(event) => setArchived(event.currentTarget.checked)} />
      </div>
      {templates.length === 0 && <Empty text={narrowed ? t("templates.notFound") : t("template.none")} />}
      {templates.length > 0 && <ul className={settings.rows}>{templates.map((template) => <Row key={template.id} template={template} typeLabel={types.find((one) => one.name === template.recordType)?.label ?? template.recordType} />)}</ul>}
      {query.hasNextPage && <Button variant="subtle" mt="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("action.more")}</Button>}
    </Frame>
  );
}

function Row({ template, typeLabel }: { template: MessageTemplate; typeLabel: string }) {
  const t = useText();
  return (
    <li>
      <Link to="/settings/templates" search={{ template: template.id }} className={`${settings.item} ${classes.row}`}>
        <span className={settings.itemText}>
          <span className={settings.itemTitle}>{template.name}{template.archived && <Badge color="gray">{t("settings.archived")}</Badge>}</span>
          <span className={settings.itemDetail}>{[typeLabel || t("template.everywhere"), template.subject].filter(Boolean).join(" · ")}</span>
        </span>
        {template.files.length > 0 && <span className={settings.itemDetail}><IconPaperclip size={14} aria-hidden /> {t("template.files", { count: template.files.length })}</span>}
      </Link>
    </li>
  );
}
