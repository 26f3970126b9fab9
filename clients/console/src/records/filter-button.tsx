import { Alert, Button, Code, Group as Row, Popover, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useDebouncedValue, useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { IconFilter } from "@tabler/icons-react";
import { useState } from "react";
import { RecordService, type RecordType } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useFaultText } from "../ui/states.tsx";
import { toCel, type FilterField, type Group } from "./filter.ts";
import { countRules, fromCel } from "./filter-text.ts";
import { emptyRule, GroupEditor, useFilterFields } from "./filter-rules.tsx";
import classes from "./filter.module.css";

interface FilterButtonProps {
  type: RecordType;
  /** The condition, in CEL; empty for none. */
  value: string;
  onChange: (cel: string) => void;
}

/** Opens the filter builder, and says how many rules there are. */
export function FilterButton(props: FilterButtonProps) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const narrow = useMediaQuery("(max-width: 800px)", false, { getInitialValueInEffect: false });
  const fields = useFilterFields(props.type);
  const group = fromCel(props.value, fields);
  const rules = group ? countRules(group) : 1;
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width={narrow ? "calc(100vw - 24px)" : 620} trapFocus closeOnClickOutside={false}>
      <Popover.Target>
        <Button variant={rules > 0 ? "light" : "default"} leftSection={<IconFilter size={15} />} onClick={() => setOpen(!open)} aria-expanded={open}>
          {rules > 0 ? t("filter.on", { count: rules }) : t("filter.title")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="md">
        <Builder {...props} fields={fields} onClose={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Builder({ type, value, fields, onChange, onClose }: FilterButtonProps & { fields: FilterField[]; onClose: () => void }) {
  const t = useText();
  const [group, setGroup] = useState<Group>(() => {
    const read = fromCel(value, fields);
    return read && read.items.length > 0 ? read : { join: "and", items: [emptyRule(fields)] };
  });
  // The text, while that is what is edited.
  const [raw, setRaw] = useState(() => (fromCel(value, fields) ? undefined : value));
  const cel = (raw ?? toCel(group, fields)).trim();
  const { valid, message } = useCheck(type.name, cel);
  const readable = raw === undefined ? group : fromCel(raw, fields);

  function show(mode: string): void {
    if (mode === "cel") setRaw(cel);
    else if (readable) {
      setGroup(readable.items.length > 0 ? readable : { join: "and", items: [emptyRule(fields)] });
      setRaw(undefined);
    }
  }

  function apply(next: string): void {
    onChange(next);
    onClose();
  }

  return (
    <Stack gap="sm">
      <Row justify="space-between">
        <SegmentedControl
          size="xs"
          value={raw === undefined ? "rules" : "cel"}
          onChange={show}
          data={[{ value: "rules", label: t("filter.rules"), disabled: !readable }, { value: "cel", label: t("filter.expression") }]}
          aria-label={t("filter.how")}
        />
        <Text size="xs" c="dimmed" aria-live="polite" className="numeric">{valid ? message : ""}</Text>
      </Row>
      {raw === undefined ? <GroupEditor fields={fields} group={group} onChange={setGroup} /> : <Expression value={raw} readable={readable !== undefined} onChange={setRaw} />}
      {!valid && <Alert color="red" variant="light" p="xs" role="alert"><Text size="xs">{message}</Text></Alert>}
      {raw === undefined && cel !== "" && <Code className={classes.cel}>{cel}</Code>}
      <Row justify="flex-end" gap="xs">
        <Button variant="subtle" color="gray" onClick={() => apply("")}>{t("filter.clear")}</Button>
        <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
        <Button disabled={!valid} onClick={() => apply(cel)}>{t("filter.apply")}</Button>
      </Row>
    </Stack>
  );
}

function Expression({ value, readable, onChange }: { value: string; readable: boolean; onChange: (value: string) => void }) {
  const t = useText();
  return (
    <Textarea
      autosize
      minRows={3}
      maxRows={10}
      maxLength={4_096}
      aria-label={t("filter.expression")}
      description={readable ? t("filter.expressionHint") : t("filter.onlyText")}
      classNames={{ input: classes.expression }}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** Asks the server how many records match: it also tells what is wrong with an expression. */
function useCheck(type: string, cel: string): { valid: boolean; message: string } {
  const t = useText();
  const faultText = useFaultText();
  const [filter] = useDebouncedValue(cel, 300);
  const { data, error } = useQuery(RecordService.method.countRecords, { type, filter }, { retry: false, placeholderData: keepPreviousData });
  if (error) return { valid: false, message: faultText(toFault(error)) };
  return { valid: true, message: data ? t("filter.matches", { count: Number(data.count) }) : "" };
}
