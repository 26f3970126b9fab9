// oxlint-disable no-await-in-loop -- each attempt follows from the one before
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { toFault } from "../api/fault.ts";
import type { Record as ParleyRecord, RecordService } from "../api/contract.ts";

/** Somebody else changed the same field meanwhile. */
export interface Conflict {
  mine: JsonValue | undefined;
  theirs: JsonValue | undefined;
  /** Theirs as a person reads it. */
  theirsText: string;
}

/** How a save ended: the record as it is now, and what it could not decide. */
export interface Saved {
  record: ParleyRecord;
  conflict?: Conflict;
}

/**
 * Saves one field. Where somebody changed the record meanwhile, but not this
 * field, it saves on top of their change; where they changed this field, it
 * saves nothing and answers both values.
 */
export async function saveField(
  client: Client<typeof RecordService>,
  record: ParleyRecord,
  field: string,
  base: JsonValue | undefined,
  value: JsonValue | undefined,
): Promise<Saved> {
  let current = record;
  for (let attempt = 0; ; attempt++) {
    try {
      const fields: JsonObject = value === undefined ? {} : { [field]: value };
      const answer = await client.updateRecord({
        record: { id: current.id, etag: current.etag, fields },
        updateMask: { paths: [`fields.${field}`] },
      });
      return { record: answer.record ?? current };
    } catch (reason) {
      if (toFault(reason).reason !== "ETAG_MISMATCH" || attempt >= 4) throw reason;
      current = (await client.getRecord({ recordId: record.id })).record ?? current;
      const theirs = current.fields?.[field];
      if (!isSame(theirs, base) && !isSame(theirs, value)) {
        return { record: current, conflict: { mine: value, theirs, theirsText: current.display[field] ?? String(theirs ?? "") } };
      }
    }
  }
}

/** True if two values are the same; nothing and empty text are. */
export function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: JsonValue | undefined): string {
  if (value === undefined || value === null || value === "") return "";
  if (typeof value === "object" && !Array.isArray(value)) return JSON.stringify(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
  return JSON.stringify(value);
}
