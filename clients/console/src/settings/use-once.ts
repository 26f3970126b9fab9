import { createClient, type Client } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import type { DescService } from "@bufbuild/protobuf";
import { useMutation } from "@tanstack/react-query";
import type { CallOptions } from "@connectrpc/connect";
import { withoutRetry } from "../api/transport.ts";

/** How long another server may take to answer ours, in milliseconds. */
const ANSWER_MS = 60_000;

/**
 * A call that asks another server something now. A failure is its answer, to be
 * shown at once: the call is not tried again by itself.
 */
export function useOnce<S extends DescService, I, O>(service: S, call: (client: Client<S>, input: I, options: CallOptions) => Promise<O>, onSuccess?: (answer: O) => void) {
  const transport = useTransport();
  return useMutation({ mutationFn: (input: I) => call(createClient(service, transport), input, withoutRetry({ timeoutMs: ANSWER_MS })), onSuccess });
}
