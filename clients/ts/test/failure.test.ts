import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { explain, isPassing, reason, requestId } from "../src/index.js";
import { failure } from "./details.js";

test("a failure tells all that the server told", () => {
  const error = failure(Code.InvalidArgument, "two fields are wrong", {
    ErrorInfo: ["REQUEST_INVALID", "parley.chat", ["part", "3"]],
    BadRequest: [["message.body", "is too long"]],
    RequestInfo: ["0123abcd"],
    RetryInfo: [[2, 5_000_000]],
  });
  expect(explain(error)).toEqual({
    code: Code.InvalidArgument,
    reason: "REQUEST_INVALID",
    message: "two fields are wrong",
    metadata: { part: "3" },
    fields: [{ path: "message.body", message: "is too long" }],
    requestId: "0123abcd",
    retryAfterMs: 2_005,
  });
});

test("anything thrown can be explained", () => {
  expect(explain(new TypeError("fetch failed"))).toMatchObject({ code: Code.Unknown, reason: "", message: "fetch failed" });
  expect(reason("nonsense")).toBe("");
  const mangled = new ConnectError("x", Code.Internal);
  mangled.details = [{ type: "google.rpc.ErrorInfo", value: new Uint8Array([10, 99, 1]) }];
  expect(reason(mangled)).toBe("");
});

test("a request's id is found in the answer's header, too", () => {
  expect(requestId(new ConnectError("x", Code.Internal, { "x-request-id": "0123abcd" }))).toBe("0123abcd");
});

test("what may pass is told apart from what will not", () => {
  expect(isPassing(new TypeError("fetch failed"))).toBe(true);
  expect(isPassing(new ConnectError("x", Code.Unavailable))).toBe(true);
  expect(isPassing(new ConnectError("x", Code.Aborted))).toBe(false);
  expect(isPassing(failure(Code.Aborted, "x", { RetryInfo: [[1]] }))).toBe(true);
  expect(isPassing(new ConnectError("x", Code.NotFound))).toBe(false);
});
