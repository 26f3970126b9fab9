import { Button, SegmentedControl, Skeleton, Stack } from "@mantine/core";
import { Code } from "@connectrpc/connect";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@connectrpc/connect-query";
import { getRouteApi, Link, useNavigate, useRouter } from "@tanstack/react-router";
import { RecordService, type Record as ParleyRecord, type RecordType } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import type { RecordSearch } from "../search.ts";
import { Empty, Failure } from "../ui/states.tsx";
import { RecordConversation, RecordFiles, Side } from "./side.tsx";
import { RecordForm } from "./record-form.tsx";
import { RecordHead } from "./record-head.tsx";
import { useRecordType } from "./query.ts";
import classes from "./records.module.css";

const route = getRouteApi("/app/records/$type/$recordId");

/** One record: its form on the left, its conversation on the right. */
export function RecordPage() {
  const t = useText();
  const { type: name, recordId } = route.useParams();
  const type = useRecordType(name);
  // The record's thread tells of changes while it is shown.
  const { data, error, refetch } = useQuery(RecordService.method.getRecord, { recordId }, { refetchOnWindowFocus: "always" });
  if (error && toFault(error).code === Code.NotFound && data) return <Gone type={name} />;
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!type) return <Empty text={t("records.noType")} />;
  if (!data?.record) return <Waiting />;
  return <Page key={recordId} type={type} record={data.record} />;
}

function Gone({ type }: { type: string }) {
  const t = useText();
  return <Empty text={t("record.gone")} action={<Button variant="default" renderRoot={(props) => <Link to="/records/$type" params={{ type }} {...props} />}>{t("record.toList")}</Button>} />;
}

function Page({ type, record }: { type: RecordType; record: ParleyRecord }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const router = useRouter();
  const narrow = useMediaQuery("(max-width: 800px)", false, { getInitialValueInEffect: false });
  useKeys({ Escape: () => void navigate({ to: "/records/$type", params: { type: type.name } }) });
  const linkTo = (place: bigint): string =>
    location.origin + router.buildLocation({ to: "/records/$type/$recordId", params: { type: type.name, recordId: record.id }, search: { seq: Number(place) } }).publicHref;
  const props = { type, record, seq: search.seq, linkTo };
  if (narrow) return <Narrow {...props} part={search.part ?? (search.seq === undefined ? "details" : "conversation")} />;
  return (
    <div className={classes.record}>
      <div className={classes.sheet}>
        <RecordHead type={type} record={record} />
        <RecordForm type={type} record={record} />
      </div>
      <div className={classes.chatter}>
        <Side {...props} files={search.part === "files"} onFiles={(on) => void navigate({ to: ".", search: (now) => ({ ...now, part: on ? "files" : undefined }), replace: true })} />
      </div>
    </div>
  );
}

/** What the parts of a record's page are given. */
export interface RecordPartProps {
  type: RecordType;
  record: ParleyRecord;
  seq: number | undefined;
  linkTo: (seq: bigint) => string;
}

/** One part at a time, where there is no room for more. */
function Narrow({ part, ...props }: RecordPartProps & { part: NonNullable<RecordSearch["part"]> }) {
  const t = useText();
  const navigate = useNavigate();
  const show = (next: string): void => {
    if (next === "details" || next === "conversation" || next === "files") void navigate({ to: ".", search: (now) => ({ ...now, part: next }), replace: true });
  };
  return (
    <div className={classes.narrow}>
      <RecordHead type={props.type} record={props.record} />
      <div className={classes.parts}>
        <SegmentedControl
          fullWidth
          size="xs"
          value={part}
          onChange={show}
          data={[{ value: "details", label: t("record.details") }, { value: "conversation", label: t("record.conversation") }, { value: "files", label: t("chatter.files") }]}
          aria-label={t("record.parts")}
        />
      </div>
      {part === "details" && <RecordForm type={props.type} record={props.record} />}
      {part === "conversation" && <RecordConversation {...props} />}
      {part === "files" && <RecordFiles record={props.record} />}
    </div>
  );
}

function Waiting() {
  return (
    <div className={classes.record}>
      <div className={classes.sheet}>
        <Stack p="md"><Skeleton h={24} w="50%" /><Skeleton h={56} /><Skeleton h={56} /><Skeleton h={56} /></Stack>
      </div>
      <div className={classes.chatter} />
    </div>
  );
}
