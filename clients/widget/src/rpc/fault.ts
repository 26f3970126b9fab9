/** A call that failed, as Connect tells it. */
export class Fault extends Error {
  /** The Connect code, such as "not_found". */
  readonly code: string;
  /** The stable reason that the server gave, such as "CHAT_CLOSED", or "". */
  readonly reason: string;
  /** Milliseconds that the server asks to wait; 0 if it did not say. */
  readonly retryAfter: number;

  constructor(code: string, message = "", reason = "", retryAfter = 0) {
    super(message || code);
    this.code = code;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** True if the same call may well succeed later: nothing is wrong with it. */
  get transient(): boolean {
    return ["unavailable", "deadline_exceeded", "aborted", "resource_exhausted", "canceled"].includes(this.code);
  }
}

/** What an error looks like in Connect's JSON. */
interface WireError {
  code?: string;
  message?: string;
  details?: { type?: string; value?: string }[];
}

/** Codes of answers that come from something before the server, by HTTP status. */
const BY_STATUS: Readonly<Record<number, string>> = {
  400: "internal",
  401: "unauthenticated",
  403: "permission_denied",
  404: "unimplemented",
  429: "unavailable",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/** The failure that an HTTP answer of a call stands for. */
export function faultOfResponse(status: number, body: string, retryAfter: string | null): Fault {
  let error: WireError = {};
  try {
    error = JSON.parse(body) as WireError;
  } catch {
    // Not Connect's: a proxy or balancer answered.
  }
  return faultOf(error, BY_STATUS[status] ?? "unknown", Number(retryAfter ?? 0) * 1000);
}

/** The failure that Connect's JSON describes. */
export function faultOf(error: WireError | null, code = "unknown", retryAfter = 0): Fault {
  const known = typeof error?.code === "string" ? error.code : code;
  return new Fault(known, error?.message, reasonOf(error), retryAfter || 0);
}

/**
 * The reason in a google.rpc.ErrorInfo. It is the message's first field, so that
 * two bytes before it tell where it ends.
 */
function reasonOf(error: WireError | null): string {
  const info = error?.details?.find((detail) => detail.type === "google.rpc.ErrorInfo");
  try {
    const bytes = atob((info?.value ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    return bytes.codePointAt(0) === 0x0a ? bytes.slice(2, 2 + (bytes.codePointAt(1) ?? 0)) : "";
  } catch {
    return "";
  }
}

/** Anything thrown, as a failure; what the network throws can be tried again. */
export function asFault(thrown: unknown): Fault {
  return thrown instanceof Fault ? thrown : new Fault("unavailable", String(thrown));
}
