import { Code, ConnectError, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { FileService } from "../src/gen/parley/thread/v1/file_service_pb.js";
import { createParley, type Parley } from "../src/index.js";

const clock = { now: () => 0, wait: async () => {} };

function setup(files: Partial<ServiceImpl<typeof FileService>>): Parley {
  return createParley({
    baseUrl: "",
    retry: { clock },
    transport: (interceptors) =>
      createRouterTransport(({ service }) => service(FileService, files), { transport: { interceptors } }),
  });
}

/** A server that stores parts of four bytes. */
function storage(): { stored: number[][]; handlers: Partial<ServiceImpl<typeof FileService>> } {
  const stored: number[][] = [];
  return {
    stored,
    handlers: {
      createFile: ({ name }) => ({ file: { id: "f", name }, partSize: 4n }),
      writeFile: ({ part, data }) => {
        stored[part] = [...data];
        return { nextPart: part + 1 };
      },
      finishFile: ({ attach }) => ({ file: { id: "f", size: BigInt(stored.flat().length), internal: attach } }),
    },
  };
}

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values);

describe("an upload", () => {
  test("arrives in parts, each byte once", async () => {
    const { stored, handlers } = storage();
    const parley = setup(handlers);
    const progress: number[] = [];
    const file = await parley.upload({
      threadId: "t",
      name: "nine.bin",
      data: new Blob([bytes(1, 2, 3, 4, 5, 6, 7, 8, 9)]),
      onProgress: (sent) => progress.push(sent),
    });
    expect(stored).toEqual([[1, 2, 3, 4], [5, 6, 7, 8], [9]]);
    expect(progress).toEqual([4, 8, 9]);
    expect(file.size).toBe(9n);
  });

  test("goes on where it was cut off", async () => {
    const { stored, handlers } = storage();
    let cuts = 2;
    const parley = setup({
      ...handlers,
      writeFile: (request, context) => {
        if (request.part === 1 && cuts-- > 0) throw new ConnectError("cut", Code.Unavailable);
        return handlers.writeFile?.(request, context) ?? {};
      },
    });
    await parley.upload({ threadId: "t", name: "x", data: new Blob([bytes(1, 2, 3, 4, 5)]) });
    expect(stored).toEqual([[1, 2, 3, 4], [5]]);
  });

  test("leaves out the parts that an earlier upload with its request id has stored", async () => {
    const written: number[] = [];
    const parley = setup({
      createFile: () => ({ file: { id: "f" }, partSize: 1n }),
      writeFile: ({ part }) => {
        written.push(part);
        return { nextPart: Math.max(part + 1, 3) };
      },
      finishFile: () => ({ file: { id: "f" } }),
    });
    await parley.upload({ threadId: "t", name: "x", data: new Blob([bytes(1, 2, 3, 4)]), requestId: "again" });
    expect(written).toEqual([0, 3]);
  });
});

describe("an upload with a memory", () => {
  /** A server that forgets nothing, and a connection that is cut before the third part. */
  function setting(): { parley: Parley; memory: Map<string, string>; storage: Storage; written: number[]; requests: string[]; cut: { now: boolean } } {
    const written: number[] = [];
    const requests: string[] = [];
    const cut = { now: true };
    const memory = new Map<string, string>();
    const storage = {
      getItem: (key: string) => memory.get(key) ?? null,
      setItem: (key: string, value: string) => memory.set(key, value),
      removeItem: (key: string) => memory.delete(key),
    } as unknown as Storage;
    const parley = setup({
      createFile: ({ requestId }) => {
        if (requests.at(-1) !== requestId) written.length = 0;
        requests.push(requestId);
        return { file: { id: "f" }, partSize: 1n, nextPart: written.length };
      },
      writeFile: ({ part }) => {
        if (cut.now && part === 2) throw new ConnectError("away", Code.Unavailable);
        written.push(part);
        return { nextPart: part + 1 };
      },
      finishFile: () => ({ file: { id: "f" } }),
    });
    return { parley, memory, storage, written, requests, cut };
  }
  const file = (): Blob => Object.assign(new Blob([bytes(1, 2, 3, 4)]), { lastModified: 5 });

  test("goes on after a reload where it stopped, and then forgets", async () => {
    const { parley, memory, storage, written, requests, cut } = setting();
    const chosen = { threadId: "t", name: "x", memory: storage };
    await expect(parley.upload({ ...chosen, data: file() })).rejects.toMatchObject({ code: Code.Unavailable });
    expect(memory.size).toBe(1);
    cut.now = false;
    const progress: number[] = [];
    await parley.upload({ ...chosen, data: file(), onProgress: (sent) => progress.push(sent) });
    expect(written).toEqual([0, 1, 2, 3]);
    expect(progress).toEqual([2, 3, 4]);
    expect(new Set(requests).size).toBe(1);
    expect(memory.size).toBe(0);
  });

  test("takes another file, or another place, for what it is", async () => {
    const { parley, storage, requests, cut } = setting();
    const failed = parley.upload({ threadId: "t", name: "x", data: file(), memory: storage });
    await expect(failed).rejects.toThrow(ConnectError);
    cut.now = false;
    for (const other of [{ threadId: "u" }, { name: "y" }, { internal: true }, { data: Object.assign(file(), { lastModified: 6 }) }])
      await parley.upload({ threadId: "t", name: "x", data: file(), memory: storage, ...other });
    expect(new Set(requests).size).toBe(5);
  });

  test("sends the same file twice at once as two", async () => {
    const { parley, storage, requests, cut } = setting();
    cut.now = false;
    await Promise.all([1, 2].map(async () => await parley.upload({ threadId: "t", name: "x", data: file(), memory: storage })));
    expect(new Set(requests).size).toBe(2);
  });

  test("does not go on with what was refused", async () => {
    const { memory, storage } = setting();
    const parley = setup({
      createFile: () => {
        throw new ConnectError("too large", Code.InvalidArgument);
      },
    });
    await expect(parley.upload({ threadId: "t", name: "x", data: file(), memory: storage })).rejects.toThrow("too large");
    expect(memory.size).toBe(0);
  });
});

describe("a download", () => {
  const content = bytes(1, 2, 3, 4, 5, 6);

  async function read(parley: Parley): Promise<number[]> {
    const got: number[] = [];
    for await (const piece of parley.download("f", { clock })) got.push(...piece);
    return got;
  }

  test("goes on from the byte where it was cut off", async () => {
    const offsets: bigint[] = [];
    const parley = setup({
      async *readFile({ offset }) {
        offsets.push(offset);
        yield { data: content.slice(Number(offset), Number(offset) + 2) };
        if (offset < 4n) throw new ConnectError("cut", Code.Unavailable);
      },
    });
    expect(await read(parley)).toEqual([...content]);
    expect(offsets).toEqual([0n, 2n, 4n]);
  });

  test("fails when it does not get on", async () => {
    let calls = 0;
    const parley = setup({
      // oxlint-disable-next-line require-yield -- it fails before the first byte
      async *readFile() {
        calls++;
        throw new ConnectError("away", Code.Unavailable);
      },
    });
    await expect(read(parley)).rejects.toMatchObject({ code: Code.Unavailable });
    expect(calls).toBe(6);
  });

  test("ends its stream when its reader stops", async () => {
    let ended = false;
    const parley = setup({
      async *readFile(_, { signal }) {
        signal.addEventListener("abort", () => (ended = true));
        yield { data: content };
        yield { data: content };
      },
    });
    for await (const piece of parley.download("f")) {
      expect(piece).toHaveLength(6);
      break;
    }
    expect(ended).toBe(true);
  });
});
