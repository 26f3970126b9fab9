/**
 * The contract as the widget uses it: types only, so that nothing of the
 * generated code is in the bundle. A method that is not here cannot be called.
 */
import type { PollRequestJson, PollResponseJson, SubscribeRequestJson, SubscribeResponseJson } from "@parley/client/gen/parley/live/v1/live_service_pb.ts";
import type {
  CreateFileLinkRequestJson,
  CreateFileLinkResponseJson,
  CreateFileRequestJson,
  CreateFileResponseJson,
  FinishFileRequestJson,
  FinishFileResponseJson,
  WriteFileRequestJson,
  WriteFileResponseJson,
} from "@parley/client/gen/parley/thread/v1/file_service_pb.ts";
import type {
  CloseChatRequestJson,
  CloseChatResponseJson,
  EndVisitRequestJson,
  EndVisitResponseJson,
  GetWidgetRequestJson,
  GetWidgetResponseJson,
  ListChatsRequestJson,
  ListChatsResponseJson,
  ListMessagesRequestJson,
  ListMessagesResponseJson,
  MarkReadRequestJson,
  MarkReadResponseJson,
  OpenChatRequestJson,
  OpenChatResponseJson,
  PostMessageRequestJson,
  PostMessageResponseJson,
  ReopenChatRequestJson,
  ReopenChatResponseJson,
  SetTypingRequestJson,
  SetTypingResponseJson,
  StartVisitRequestJson,
  StartVisitResponseJson,
} from "@parley/client/gen/parley/visitor/v1/visitor_service_pb.ts";

export type { ChatJson } from "@parley/client/gen/parley/livechat/v1/livechat_pb.ts";
export type { FileJson, MessageJson, PartyJson, ReadMarkJson, SystemLineJson } from "@parley/client/gen/parley/thread/v1/thread_pb.ts";
export type { WidgetJson } from "@parley/client/gen/parley/visitor/v1/visitor_service_pb.ts";
export type { ListMessagesResponseJson, PollRequestJson, SubscribeRequestJson, SubscribeResponseJson };

/** Request and answer of every method that is called, by its name. */
export interface Methods {
  "visitor.v1.VisitorService/GetWidget": [GetWidgetRequestJson, GetWidgetResponseJson];
  "visitor.v1.VisitorService/StartVisit": [StartVisitRequestJson, StartVisitResponseJson];
  "visitor.v1.VisitorService/EndVisit": [EndVisitRequestJson, EndVisitResponseJson];
  "visitor.v1.VisitorService/ListChats": [ListChatsRequestJson, ListChatsResponseJson];
  "visitor.v1.VisitorService/OpenChat": [OpenChatRequestJson, OpenChatResponseJson];
  "visitor.v1.VisitorService/CloseChat": [CloseChatRequestJson, CloseChatResponseJson];
  "visitor.v1.VisitorService/ReopenChat": [ReopenChatRequestJson, ReopenChatResponseJson];
  "visitor.v1.VisitorService/ListMessages": [ListMessagesRequestJson, ListMessagesResponseJson];
  "visitor.v1.VisitorService/PostMessage": [PostMessageRequestJson, PostMessageResponseJson];
  "visitor.v1.VisitorService/MarkRead": [MarkReadRequestJson, MarkReadResponseJson];
  "visitor.v1.VisitorService/SetTyping": [SetTypingRequestJson, SetTypingResponseJson];
  "thread.v1.FileService/CreateFile": [CreateFileRequestJson, CreateFileResponseJson];
  "thread.v1.FileService/WriteFile": [WriteFileRequestJson, WriteFileResponseJson];
  "thread.v1.FileService/FinishFile": [FinishFileRequestJson, FinishFileResponseJson];
  "thread.v1.FileService/CreateFileLink": [CreateFileLinkRequestJson, CreateFileLinkResponseJson];
  "live.v1.LiveService/Poll": [PollRequestJson, PollResponseJson];
}

/** The methods that answer with a stream. */
export interface Streams {
  "live.v1.LiveService/Subscribe": [SubscribeRequestJson, SubscribeResponseJson];
}
