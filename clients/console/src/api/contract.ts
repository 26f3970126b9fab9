/** The contract of the server, in one place to import from. */
export * from "@parley/client/gen/parley/chatter/v1/chatter_service_pb.ts";
export * from "@parley/client/gen/parley/identity/v1/identity_pb.ts";
export * from "@parley/client/gen/parley/identity/v1/identity_service_pb.ts";
export * from "@parley/client/gen/parley/live/v1/live_service_pb.ts";
export * from "@parley/client/gen/parley/livechat/v1/live_chat_service_pb.ts";
export * from "@parley/client/gen/parley/livechat/v1/livechat_pb.ts";
export * from "@parley/client/gen/parley/record/v1/record_pb.ts";
export * from "@parley/client/gen/parley/record/v1/record_service_pb.ts";
export * from "@parley/client/gen/parley/thread/v1/file_service_pb.ts";
export * from "@parley/client/gen/parley/thread/v1/thread_pb.ts";
