import { createClient, type Client, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { download, upload, type DownloadOptions, type UploadOptions } from "./file.js";
import { ActivityService } from "./gen/parley/activity/v1/activity_service_pb.js";
import { ChatterService } from "./gen/parley/chatter/v1/chatter_service_pb.js";
import { ComposeService } from "./gen/parley/compose/v1/compose_service_pb.js";
import { IdentityService, type SignInResponse } from "./gen/parley/identity/v1/identity_service_pb.js";
import { LiveService } from "./gen/parley/live/v1/live_service_pb.js";
import { LiveChatService } from "./gen/parley/livechat/v1/live_chat_service_pb.js";
import { MessengerService } from "./gen/parley/messenger/v1/messenger_service_pb.js";
import { RecordService } from "./gen/parley/record/v1/record_service_pb.js";
import { MailService } from "./gen/parley/mail/v1/mail_service_pb.js";
import { SearchService } from "./gen/parley/search/v1/search_service_pb.js";
import { FileService } from "./gen/parley/thread/v1/file_service_pb.js";
import type { File as StoredFile } from "./gen/parley/thread/v1/thread_pb.js";
import { TranslationService } from "./gen/parley/translation/v1/translation_service_pb.js";
import { VisitorService } from "./gen/parley/visitor/v1/visitor_service_pb.js";
import { retry, type RetryOptions } from "./retry.js";
import { subscribe, type SubscribeOptions, type Subscription } from "./subscription.js";

/** How to reach a server. */
export interface ParleyOptions {
  /** The server's address, such as "https://chat.example.com". */
  baseUrl: string;
  /** A token to begin with, or a function that is asked for it at every call; signIn() then sets nothing. */
  token?: string | (() => string | null | undefined);
  /** How calls are tried again; false for never. */
  retry?: RetryOptions | false;
  /** Run around every call, outside of the retries. */
  interceptors?: readonly Interceptor[];
  /** Used instead of the global fetch. */
  fetch?: typeof globalThis.fetch;
  /** Used instead of a transport of its own: the interceptors are to be given to it. For tests. */
  transport?: (interceptors: Interceptor[]) => Transport;
}

/** A Parley server, as one caller reaches it: a client for each service, and what is easier with help. */
export interface Parley {
  readonly identity: Client<typeof IdentityService>;
  readonly records: Client<typeof RecordService>;
  readonly chatter: Client<typeof ChatterService>;
  readonly activities: Client<typeof ActivityService>;
  readonly compose: Client<typeof ComposeService>;
  readonly files: Client<typeof FileService>;
  readonly search: Client<typeof SearchService>;
  readonly mail: Client<typeof MailService>;
  readonly liveChat: Client<typeof LiveChatService>;
  readonly visitor: Client<typeof VisitorService>;
  readonly live: Client<typeof LiveService>;
  readonly messenger: Client<typeof MessengerService>;
  readonly translation: Client<typeof TranslationService>;
  /** What the clients go through, with token and retries, for other libraries of Connect. */
  readonly transport: Transport;
  /** The token that calls are made with; set it to go on as somebody else. */
  token: string;
  /** Signs in; every call from now on is made as that user. The workspace may be empty on a server that has only one. */
  signIn(credentials: { workspace?: string; email: string; password: string }): Promise<SignInResponse>;
  /** Ends the session and forgets the token. */
  signOut(): Promise<void>;
  /** Tells what changes, as it changes, until it is closed. */
  subscribe(options: SubscribeOptions): Subscription;
  /** Uploads a file to a thread. */
  upload(options: UploadOptions): Promise<StoredFile>;
  /** Yields a file's bytes. */
  download(fileId: string, options?: DownloadOptions): AsyncGenerator<Uint8Array, void, undefined>;
}

/** Makes a client; it connects when it is used. */
export function createParley(options: ParleyOptions): Parley {
  const session = { token: typeof options.token === "string" ? options.token : "" };
  const read = typeof options.token === "function" ? options.token : (): string => session.token;
  const transport = transportOf(options, read);
  const identity = createClient(IdentityService, transport);
  const files = createClient(FileService, transport);
  const live = createClient(LiveService, transport);
  return {
    identity,
    records: createClient(RecordService, transport),
    chatter: createClient(ChatterService, transport),
    activities: createClient(ActivityService, transport),
    compose: createClient(ComposeService, transport),
    files,
    search: createClient(SearchService, transport),
    mail: createClient(MailService, transport),
    liveChat: createClient(LiveChatService, transport),
    visitor: createClient(VisitorService, transport),
    live,
    messenger: createClient(MessengerService, transport),
    translation: createClient(TranslationService, transport),
    transport,
    get token() {
      return read() ?? "";
    },
    set token(token: string) {
      session.token = token;
    },
    signIn: async (credentials) => {
      const answer = await identity.signIn(credentials);
      session.token = answer.token;
      return answer;
    },
    signOut: async () => {
      await identity.signOut({});
      session.token = "";
    },
    subscribe: (subscribeOptions) => subscribe(live, subscribeOptions),
    upload: (uploadOptions) => upload(files, uploadOptions),
    download: (fileId, downloadOptions) => download(files, fileId, downloadOptions),
  };
}

function transportOf(options: ParleyOptions, read: () => string | null | undefined): Transport {
  const interceptors = [...(options.interceptors ?? [])];
  if (options.retry !== false) interceptors.push(retry(options.retry));
  interceptors.push(bearer(read));
  if (options.transport) return options.transport(interceptors);
  const { baseUrl } = options;
  return createConnectTransport({ baseUrl, interceptors, useBinaryFormat: true, ...(options.fetch && { fetch: options.fetch }) });
}

/** Sends the token along, if there is one. */
function bearer(read: () => string | null | undefined): Interceptor {
  return (next) => async (request) => {
    const token = read();
    if (token) request.header.set("Authorization", `Bearer ${token}`);
    return await next(request);
  };
}
