import { Button, SegmentedControl } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { IconLayoutKanban, IconPlus, IconTable } from "@tabler/icons-react";
import { RecordService, type RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import type { RecordsSearch } from "../search.ts";
import { Header } from "../ui/header.tsx";
import { Sign } from "../ui/sign.tsx";
import { Empty } from "../ui/states.tsx";
import { boardField } from "./board.ts";
import { BoardView } from "./board-view.tsx";
import { both, searchToCel } from "./filter.ts";
import { ListMenu } from "./list-menu.tsx";
import { useLiveRecords, useRecordType } from "./query.ts";
import { TableView } from "./table-view.tsx";

const route = getRouteApi("/app/records/$type");

/** The records of one type: what the address says of them. */
export function ListPage() {
  const t = useText();
  const { type: name } = route.useParams();
  const type = useRecordType(name);
  if (!type) return <Empty text={t("records.noType")} />;
  return <List key={name} type={type} />;
}

/** What a list or a board of records is given. */
export interface ListViewProps {
  type: RecordType;
  search: RecordsSearch;
  /** All conditions together, in CEL. */
  filter: string;
  /** Changes the address: what is not named stays, but the first page comes. */
  onChange: (search: RecordsSearch) => void;
}

function List({ type }: { type: RecordType }) {
  const t = useText();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const go = useNavigate();
  const filter = both(search.q ?? "", searchToCel(search.s ?? ""));
  const change = (next: RecordsSearch): void => void navigate({ search: (now) => ({ ...now, n: undefined, page: undefined, ...next }) });
  const board = search.view === "board" && boardField(type, search.by) !== undefined;
  const props: ListViewProps = { type, search, filter, onChange: change };
  useLiveRecords(type.name);
  useKeys({ c: () => void go({ to: "/records/$type/new", params: { type: type.name } }) });
  return (
    <>
      <Header title={type.pluralLabel || type.label} detail={<Count type={type.name} filter={filter} />} back={() => void go({ to: "/records" })}>
        {boardField(type, undefined) && <ViewSwitch board={board} onChange={change} />}
        <ListMenu type={type} filter={filter} sort={search.sort ?? ""} />
        <Button leftSection={<IconPlus size={15} />} renderRoot={(root) => <Link to="/records/$type/new" params={{ type: type.name }} {...root} />}>
          {t("record.new")}
        </Button>
      </Header>
      {board ? <BoardView {...props} /> : <TableView {...props} />}
    </>
  );
}

function ViewSwitch({ board, onChange }: { board: boolean; onChange: (search: RecordsSearch) => void }) {
  const t = useText();
  return (
    <SegmentedControl
      size="xs"
      value={board ? "board" : "list"}
      onChange={(value) => onChange({ view: value === "board" ? "board" : undefined })}
      data={[
        { value: "list", label: <Sign label={t("records.asList")}><IconTable size={16} aria-hidden /></Sign> },
        { value: "board", label: <Sign label={t("records.asBoard")}><IconLayoutKanban size={16} aria-hidden /></Sign> },
      ]}
      aria-label={t("records.view")}
    />
  );
}

function Count({ type, filter }: { type: string; filter: string }) {
  const t = useText();
  const { data } = useQuery(RecordService.method.countRecords, { type, filter }, { placeholderData: keepPreviousData });
  return <>{data ? t("records.count", { count: Number(data.count) }) : " "}</>;
}
