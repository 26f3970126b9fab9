import type { JsonValue } from "@bufbuild/protobuf";
import type { Field } from "../api/contract.ts";

/** What the input of a field is given. */
export interface FieldInputProps {
  field: Field;
  value: JsonValue | undefined;
  /** The names of what a reference points to, as the server last told. */
  display?: string;
  error?: string;
  disabled?: boolean;
  autoFocus?: boolean;
  /** Every change, also half-typed ones. */
  onChange: (value: JsonValue | undefined) => void;
  /** The user is done with this field. */
  onCommit: (value: JsonValue | undefined) => void;
}

/** What all inputs have in common. */
export function commonProps({ field, error, disabled, autoFocus }: FieldInputProps) {
  return { label: field.label, withAsterisk: field.required, error, disabled, autoFocus, size: "sm" as const };
}
