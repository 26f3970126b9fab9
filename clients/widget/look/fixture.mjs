// A server for looking at the widget: it speaks the widget's part of the contract
// for one visitor, from memory, and lets a script play the operator.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";

const web = new URL("../../../server/web/", import.meta.url);
const types = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml" };
const panelPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; frame-ancestors *";

export class Fixture {
  channel = randomUUID();
  widget = {};
  chat;
  log = []; // of changes; a cursor is an index into it
  messages = [];
  marks = [];
  calls = [];
  down = false;
  silentStreams = false;
  #streams = new Set();
  #files = new Map();
  #sockets = new Set();

  constructor(widget = {}) {
    this.widget = { title: "Fernhill Garden Supply", welcomeText: "Hello. What can we help you grow today?", online: true, color: "#0b6b63", maxFileSize: String(25 << 20), ...widget };
    this.server = createServer((request, response) => this.#serve(request, response));
    this.server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  close() {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
  }

  /** Cuts all connections and, if so, takes no more. */
  cut(down) {
    this.down = down;
    for (const socket of this.#sockets) socket.destroy();
  }

  get streams() {
    return this.#streams.size;
  }

  operator(name = "Lena") {
    return { kind: "PARTY_KIND_USER", id: `0198c0de-0000-7000-8000-${Buffer.from(name.padEnd(6).slice(0, 6)).toString("hex")}`, name };
  }

  say(body, { name = "Lena", ...rest } = {}) {
    return this.#post({ kind: "MESSAGE_KIND_COMMENT", author: this.operator(name), body, ...rest });
  }

  system(event, name) {
    const party = name && this.operator(name);
    if (event === "OPERATOR_JOINED") this.chat.operator = party;
    if (event === "CHAT_CLOSED") this.chat.state = "CHAT_STATE_CLOSED";
    if (event === "CHAT_REOPENED") this.chat.state = "CHAT_STATE_OPEN";
    return this.#post({ kind: "MESSAGE_KIND_SYSTEM", author: { kind: "PARTY_KIND_SYSTEM" }, system: { event: `SYSTEM_EVENT_${event}`, ...(party && { party }) } });
  }

  change(message, patch) {
    Object.assign(message, patch);
    this.#tell({ message: { ...message } });
  }

  typing(name = "Lena", stopped = false) {
    this.#tell({ typing: { threadId: this.chat.id, party: this.operator(name), stopped } }, false);
  }

  read(seq = this.messages.length) {
    this.marks = [{ threadId: this.chat.id, party: this.operator(), seq: String(seq) }];
    this.#tell({ readMark: this.marks[0] }, false);
  }

  #post(message) {
    const { length } = this.messages;
    const full = { id: randomUUID(), threadId: this.chat.id, seq: String(length + 1), createTime: new Date().toISOString(), ...message };
    this.messages.push(full);
    this.chat.lastSeq = full.seq;
    this.#tell({ message: full });
    return full;
  }

  #tell(change, logged = true) {
    if (logged) this.log.push(change);
    const event = { ...change, ...(logged && { cursor: String(this.log.length) }) };
    for (const stream of this.#streams) stream({ event });
  }

  #serve(request, response) {
    if (this.down) return response.destroy();
    const { pathname } = new URL(request.url, this.url);
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      if (pathname.startsWith("/parley.")) return this.#call(pathname.split("/")[2], request, Buffer.concat(parts), response);
      return this.#file(pathname, response);
    });
  }

  #file(pathname, response) {
    const upload = this.#files.get(pathname.slice("/files/".length));
    if (upload) return response.setHeader("Content-Type", upload.file.mediaType).end(Buffer.concat(upload.parts));
    const page = pathname.startsWith("/demo/") && !extname(pathname);
    const name = page ? `demo/${pathname.slice(6) || "index"}.html` : pathname === "/widget/panel" ? "dist/widget/panel.html" : pathname.replace(/^\/widget\//, "/dist/widget/").slice(1);
    let body;
    try {
      body = readFileSync(new URL(name, web));
    } catch {
      return response.writeHead(404).end("not found");
    }
    response.setHeader("Content-Type", types[extname(name)] ?? "text/html");
    if (name.endsWith("panel.html")) response.setHeader("Content-Security-Policy", panelPolicy);
    if (page) {
      response.setHeader("Content-Security-Policy", `default-src 'none'; script-src 'nonce-look' 'strict-dynamic'; style-src 'self'; img-src 'self'; frame-src ${this.frames ?? "'self'"}; base-uri 'none'; require-trusted-types-for 'script'`);
      body = String(body).replace("<!-- parley -->", `<script async nonce="look" src="${this.frames ?? ""}/widget/loader.js" data-channel="${this.channel}"></script>`);
      if (this.dir) body = body.replace("<html", `<html dir="${this.dir}"`);
    }
    return response.end(body);
  }

  #call(method, request, body, response) {
    this.calls.push(method);
    if (method === "Subscribe") return this.#subscribe(JSON.parse(body.subarray(5)), response);
    const input = JSON.parse(body);
    if (method === "Poll") return this.#poll(input, response);
    const authorized = request.headers.authorization === `Bearer ${this.token}`;
    if (!["GetWidget", "StartVisit"].includes(method) && !authorized) return answer(response, 401, { code: "unauthenticated", message: "who are you" });
    return Promise.resolve(this[`do${method}`](input)).then((output) => (output.code ? answer(response, 400, output) : answer(response, 200, output)));
  }

  doGetWidget = () => ({ widget: { channelId: this.channel, ...this.widget } });
  doStartVisit = () => ({ token: (this.token = randomUUID()), visitor: { id: "v", name: "Visitor 4F2A" } });
  doListChats = () => ({ chats: this.chat ? [this.chat] : [] });
  doEndVisit = () => ((this.token = randomUUID()), {});
  doSetTyping = () => ({});

  doOpenChat = (input) => {
    this.opened = input;
    if (this.chat && this.messages.some(({ requestId }) => requestId === input.requestId)) return { chat: this.chat, message: this.messages[1] };
    this.chat = { id: randomUUID(), channelId: this.channel, state: "CHAT_STATE_OPEN", createTime: new Date().toISOString() };
    this.messages = [];
    this.log = [];
    this.system("CHAT_OPENED");
    const message = this.#own(input);
    if (!this.widget.online) this.system("NO_OPERATOR");
    return { chat: this.chat, message };
  };

  doPostMessage = (input) => {
    const known = this.messages.find(({ requestId }) => requestId === input.requestId);
    if (known) return { message: known };
    if (this.chat.state === "CHAT_STATE_CLOSED") {
      const value = Buffer.concat([Buffer.from([0x0a, 11]), Buffer.from("CHAT_CLOSED")]).toString("base64");
      return { code: "failed_precondition", details: [{ type: "google.rpc.ErrorInfo", value }] };
    }
    return { message: this.#own(input) };
  };

  #own({ requestId, body, fileIds = [] }) {
    const files = fileIds.map((id) => this.#files.get(id).file);
    return this.#post({ kind: "MESSAGE_KIND_COMMENT", author: { kind: "PARTY_KIND_VISITOR", id: "v", name: "Visitor 4F2A" }, body, files, requestId });
  }

  doListMessages = ({ pageSize = 50, beforeSeq }) => {
    const end = beforeSeq ? Number(beforeSeq) - 1 : this.messages.length;
    const start = Math.max(0, end - pageSize);
    return { messages: this.messages.slice(start, end), hasBefore: start > 0, hasAfter: end < this.messages.length, cursor: String(this.log.length), readMarks: this.marks };
  };

  doMarkRead = ({ seq }) => ((this.chat.readSeq = seq), {});
  doCloseChat = () => (this.system("VISITOR_LEFT"), this.system("CHAT_CLOSED"), { chat: this.chat });
  doReopenChat = () => (this.system("CHAT_REOPENED"), { chat: this.chat });

  doCreateFile = ({ requestId, name, size }) => {
    const id = requestId;
    const mediaType = /\.(png|jpe?g)$/.test(name) ? "image/png" : "application/pdf";
    this.#files.set(id, { file: { id, name, size, mediaType }, parts: [] });
    return { file: { id, name, size }, partSize: String(1 << 20) };
  };

  doWriteFile = async ({ fileId, part, data }) => {
    if (this.slowParts) await new Promise((resolve) => this.slowParts.push(resolve));
    this.#files.get(fileId).parts[part] = Buffer.from(data, "base64");
    return { nextPart: part + 1 };
  };

  doFinishFile = ({ fileId }) => ({ file: this.#files.get(fileId).file });
  doCreateFileLink = ({ fileId }) => ({ path: `/files/${fileId}` });

  attachment(name, mediaType, bytes) {
    const id = randomUUID();
    this.#files.set(id, { file: { id, name, size: String(bytes.length), mediaType }, parts: [bytes] });
    return this.#files.get(id).file;
  }

  #subscribe({ topics: [topic] }, response) {
    response.writeHead(200, { "Content-Type": "application/connect+json" });
    const send = (frame) => {
      if (this.silentStreams) return;
      const data = Buffer.from(JSON.stringify(frame));
      const head = Buffer.alloc(5);
      head.writeUInt32BE(data.length, 1);
      response.write(Buffer.concat([head, data]));
    };
    response.flushHeaders();
    send({ opened: { streamId: "s", heartbeatSeconds: 15 } });
    const at = Number(topic.cursor || this.log.length);
    send({ topicOpened: { topic, continuity: "CONTINUITY_RESUMED", readMarks: this.marks } });
    for (const [index, change] of this.log.entries()) if (index >= at) send({ event: { ...change, cursor: String(index + 1) } });
    this.#streams.add(send);
    response.on("close", () => this.#streams.delete(send));
  }

  #poll({ topics: [topic] }, response) {
    const frames = this.log.slice(Number(topic.cursor || 0)).map((change, index) => ({ event: { ...change, cursor: String(Number(topic.cursor || 0) + index + 1) } }));
    setTimeout(() => answer(response, 200, { frames, topics: [{ ...topic, cursor: String(this.log.length) }] }), frames.length ? 0 : 300);
  }
}

function answer(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
