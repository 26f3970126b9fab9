import { Alert, Button, SegmentedControl, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { createConnectQueryKey, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useBlocker, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { RecordService, type RecordType } from "../api/contract.ts";
import { toFault, type Fault } from "../api/fault.ts";
import { useText, type TextId } from "../intl/intl.tsx";
import { renewLists, useRecordType } from "../records/query.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Header } from "../ui/header.tsx";
import { Empty, FailureLine, useFaultText } from "../ui/states.tsx";
import { DeleteType } from "./delete-type.tsx";
import { beginDraft, changedPaths, newDraft, placeOf, toType, type Draft, type Place } from "./draft.ts";
import { FieldList } from "./field-list.tsx";
import { GeneralPart } from "./general-part.tsx";
import { NEW_TYPE } from "./new-type.ts";
import { RightsPart } from "./rights-part.tsx";
import { SubtypeList } from "./subtype-list.tsx";
import classes from "./types.module.css";
import records from "../records/records.module.css";

const route = getRouteApi("/app/settings/types/$typeName");

/** One record type, to be edited. */
export function TypePage() {
  const t = useText();
  const { typeName } = route.useParams();
  const type = useRecordType(typeName);
  if (typeName === NEW_TYPE) return <Editor key={NEW_TYPE} original={undefined} />;
  if (!type) return <Empty text={t("records.noType")} />;
  return <Editor key={typeName} original={type} />;
}

/** What the parts of the editor are given. */
export interface PartProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
  /** What is the matter at a place: a part of the type, or of the field or subtype with a key. */
  errorAt: (part: string, of?: { field?: string; subtype?: string }) => string | undefined;
}

type PartName = "fields" | "general" | "subtypes" | "rights";

function Editor({ original }: { original: RecordType | undefined }) {
  const t = useText();
  const [base, setBase] = useState(original);
  const [draft, setDraft] = useState<Draft>(() => (original ? beginDraft(original) : newDraft(t("records.title"))));
  const [part, setPart] = useState<PartName>(original ? "fields" : "general");
  const [asking, setAsking] = useState(false);
  const save = useSave(draft, base, (saved) => {
    setBase(saved);
    setDraft(beginDraft(saved));
  });
  const changed = !base || changedPaths(base, draft).length > 0;
  const going = draft.fields.filter((one) => one.removed).length;
  useLeaveGuard(changed && base !== undefined);

  function submit(): void {
    setAsking(false);
    save.run((path) => setPart(partOf(placeOf(draft, path))));
  }

  const places = save.wrong.map(({ path, message }) => ({ ...placeOf(draft, path), message }));
  const errorAt: PartProps["errorAt"] = (at, of = {}) => places.find((one) => one.part === at && one.field === of.field && one.subtype === of.subtype)?.message;
  const props: PartProps = { draft, onChange: setDraft, errorAt };
  return (
    <>
      <Header title={base?.label ?? t("types.newTitle")} detail={base ? base.name : t("types.newHint")} back={() => history.back()}>
        {base && !base.builtIn && <DeleteType type={base} />}
        <Button loading={save.isPending} disabled={!changed} onClick={() => (going > 0 ? setAsking(true) : submit())}>{base ? t("types.save") : t("types.create")}</Button>
      </Header>
      <div className={classes.tools}>
        <SegmentedControl size="xs" value={part} onChange={(value) => setPart(toPart(value))} data={PARTS.map((value) => ({ value, label: t(LABELS[value]) }))} aria-label={t("types.parts")} />
      </div>
      <div className={classes.body}>
        <Stack gap="md" maw={860}>
          {base?.builtIn && part === "fields" && <Text size="xs" c="dimmed">{t("types.builtIn")}</Text>}
          {save.error && (places.length > 0 ? <Alert color="red" variant="light" p="xs" role="alert">{t("types.mend", { count: places.length })}</Alert> : <FailureLine error={save.error} />)}
          {part === "fields" && <FieldList {...props} />}
          {part === "general" && <GeneralPart {...props} isNew={!base} />}
          {part === "subtypes" && <SubtypeList {...props} />}
          {part === "rights" && <RightsPart {...props} />}
        </Stack>
      </div>
      <Dialog opened={asking} onClose={() => setAsking(false)} title={t("types.removeAsk", { count: going })}>
        <Stack gap="md">
          <Text>{t("types.removeHint")}</Text>
          <div className={records.buttons}>
            <Button variant="default" data-autofocus onClick={() => setAsking(false)}>{t("action.cancel")}</Button>
            <Button color="red" onClick={submit}>{t("types.removeSure")}</Button>
          </div>
        </Stack>
      </Dialog>
    </>
  );
}

const PARTS: PartName[] = ["fields", "general", "subtypes", "rights"];
const LABELS: Record<PartName, TextId> = { fields: "types.fields", general: "types.general", subtypes: "types.subtypes", rights: "types.rights" };

function toPart(value: string): PartName {
  return PARTS.find((one) => one === value) ?? "fields";
}

/** Where in the editor a failure is shown. */
function partOf(place: Place): PartName {
  if (place.field || place.part === "fields") return "fields";
  if (place.subtype || place.part === "subtypes") return "subtypes";
  return /^(read|create|update|delete)\b/u.test(place.part) ? "rights" : "general";
}

/** Creates or changes the type; says where a failure belongs. */
function useSave(draft: Draft, base: RecordType | undefined, onSaved: (type: RecordType) => void) {
  const t = useText();
  const faultText = useFaultText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const requestId = useRef(crypto.randomUUID());
  const options = {
    onSuccess: async ({ recordType }: { recordType?: RecordType }) => {
      requestId.current = crypto.randomUUID();
      if (recordType) onSaved(recordType);
      notifications.show({ message: t("types.saved", { type: recordType?.label ?? "" }) });
      await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: RecordService.method.listRecordTypes, cardinality: undefined }) });
      void renewLists(queries);
      if (!base && recordType) await navigate({ to: "/settings/types/$typeName", params: { typeName: recordType.name }, ignoreBlocker: true });
    },
  };
  const create = useMutation(RecordService.method.createRecordType, options);
  const update = useMutation(RecordService.method.updateRecordType, options);
  const error = base ? update.error : create.error;
  const fault = error ? toFault(error) : undefined;
  return {
    isPending: create.isPending || update.isPending,
    error,
    wrong: fault ? wrongParts(fault, faultText(fault)) : [],
    run: (onFault: (path: string) => void) => {
      const failed = { onError: (reason: unknown) => onFault(toFault(reason).field) };
      const recordType = toType(draft);
      if (base) update.mutate({ recordType, updateMask: { paths: changedPaths(base, draft) } }, failed);
      else create.mutate({ requestId: requestId.current, recordType }, failed);
    },
  };
}

/** What is wrong, part by part: the server's sentence where there is one part, else what it says of each. */
function wrongParts(fault: Fault, text: string): { path: string; message: string }[] {
  if (fault.fields.length > 1) return fault.fields.map(({ path, message }) => ({ path, message: message.charAt(0).toLocaleUpperCase() + message.slice(1) }));
  return fault.field === "" ? [] : [{ path: fault.field, message: fault.fields[0]?.message ?? text }];
}

/** Asks before changes are left behind. */
function useLeaveGuard(changed: boolean): void {
  const t = useText();
  useBlocker({ shouldBlockFn: () => changed && !globalThis.confirm(t("types.leave")), enableBeforeUnload: changed, disabled: !changed });
}
