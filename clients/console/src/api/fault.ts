import { Code, ConnectError, explain, isPassing as isPassingError, type Failure } from "@parley/client";

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
    code: isLost(reason) ? Code.Unavailable : failure.code,
    field: failure.fields[0]?.path ?? failure.metadata["field"] ?? "",
    passing: isPassingError(reason) || failure.code === Code.Internal || failure.code === Code.Unknown,
  };
}

/** True if no answer came at all: fetch fails with a TypeError, which Connect does not know. */
function isLost(reason: unknown): boolean {
  return reason instanceof ConnectError && reason.code === Code.Unknown && reason.cause instanceof TypeError;
}
