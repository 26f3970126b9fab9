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
