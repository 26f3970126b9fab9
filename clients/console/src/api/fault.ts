import { Code, explain, isPassing as isPassingError, type Failure } from "@parley/client";

/** What a failed call tells, in the form the console shows it. */
export interface Fault extends Failure {
  /** The path of the request's first field at fault; may be empty. */
  field: string;
  /** True if trying again without changing anything may help. */
  passing: boolean;
}

/** Reads a failure of any kind. */
export function toFault(reason: unknown): Fault {
  const failure = explain(reason);
  return {
    ...failure,
    field: failure.fields[0]?.path ?? failure.metadata["field"] ?? "",
    passing: isPassingError(reason) || failure.code === Code.Internal || failure.code === Code.Unknown,
  };
}
