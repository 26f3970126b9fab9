// oxlint-disable no-await-in-loop -- the server takes one slice after another
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { FieldType, type Field, type Record as ParleyRecord, type RecordResult, type RecordService } from "../api/contract.ts";
import { isSame } from "./save.ts";

/** True for fields that make sense to change for many records at once. */
export function changesInBulk(field: Field): boolean {
  return [FieldType.SELECTION, FieldType.BOOLEAN, FieldType.REFERENCE, FieldType.DATE].includes(field.type);
}

/** Sets a field of many records; no value clears it. */
export async function setField(client: Client<typeof RecordService>, recordIds: readonly string[], field: string, value: JsonValue | undefined): Promise<RecordResult[]> {
  const fields: JsonObject = value === undefined ? {} : { [field]: value };
  const { results } = await client.updateRecords({ recordIds: [...recordIds], fields, updateMask: { paths: [`fields.${field}`] } });
  return results;
}

/** Which records get which value back, so that a change is undone: those that it changed. */
export function undoing(records: readonly ParleyRecord[], results: readonly RecordResult[], field: string): { value: JsonValue | undefined; recordIds: string[] }[] {
  const parts: { value: JsonValue | undefined; recordIds: string[] }[] = [];
  for (const { recordId, record, failure } of results) {
    const before = records.find((one) => one.id === recordId)?.fields?.[field];
    if (failure || isSame(before, record?.fields?.[field])) continue;
    const part = parts.find((one) => isSame(one.value, before));
    if (part) part.recordIds.push(recordId);
    else parts.push({ value: before, recordIds: [recordId] });
  }
  return parts;
}

/** Gives records their former values of a field back. */
export async function undo(client: Client<typeof RecordService>, parts: ReturnType<typeof undoing>, field: string): Promise<RecordResult[]> {
  const results: RecordResult[] = [];
  for (const { value, recordIds } of parts) results.push(...(await setField(client, recordIds, field, value)));
  return results;
}
