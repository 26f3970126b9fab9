import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ConnectError, type Code } from "@connectrpc/connect";

type Field = string | number | Field[];

/** Writes a message whose fields are numbered from 1: strings, integers and messages; an empty list is left out. */
function message(fields: Field[]): Uint8Array {
  const writer = new BinaryWriter();
  fields.forEach((field, index) => {
    if (typeof field === "string") writer.tag(index + 1, WireType.LengthDelimited).string(field);
    else if (typeof field === "number") writer.tag(index + 1, WireType.Varint).int64(field);
    else if (field.length > 0) writer.tag(index + 1, WireType.LengthDelimited).bytes(message(field));
  });
  return writer.finish();
}

/** An error as the server sends it, with google.rpc details by name. */
export function failure(code: Code, text: string, details: Record<string, Field[]> = {}): ConnectError {
  const error = new ConnectError(text, code);
  error.details = Object.entries(details).map(([name, fields]) => ({ type: `google.rpc.${name}`, value: message(fields) }));
  return error;
}
