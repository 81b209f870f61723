import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy before a PostgreSQL that cuts all connections when a chosen message is about to be sent. */
export interface CuttingProxy {
  url: string;
  /** Forwards `count` more requests (queries or sync points) of the client, and cuts at the next one. */
  cutAfter(count: number): void;
  /** Requests that were forwarded since `cutAfter`. */
  forwarded(): number;
  is_cut(): boolean;
  /** Resolves when the connections are cut. */
  cut: Promise<void>;
  close(): Promise<void>;
}

const [QUERY, SYNC] = [0x51, 0x53];

/** Starts a proxy that forwards everything until `cutAfter` is called. It is used for one cut. */
export async function startCuttingProxy(database_url: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(database_url);
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let forwarded = 0;
  let is_cut = false;
  const { promise, resolve } = Promise.withResolvers<void>();

  const cutAll = () => {
    if (is_cut) return;
    is_cut = true;
    server.close();
    for (const socket of sockets) socket.destroy();
    resolve();
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    const frames = new Frames();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      for (const { type, bytes } of frames.push(chunk)) {
        if (type === QUERY || type === SYNC) {
          if (left === 0) return cutAll();
          left -= 1;
          forwarded += 1;
        }
        upstream.write(bytes);
      }
    });
    upstream.pipe(client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(database_url);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port); // a TCP server's address is never a path
  return {
    url: url.href,
    cutAfter(count) {
      left = count;
      forwarded = 0;
    },
    forwarded: () => forwarded,
    is_cut: () => is_cut,
    cut: promise,
    async close() {
      cutAll();
    },
  };
}

/** Divides what a client sends into messages: the first has no type, the others are a type and a length. */
class Frames {
  #rest = Buffer.alloc(0);
  #isStarted = false;

  push(chunk: Buffer): { type: number | null; bytes: Buffer }[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: { type: number | null; bytes: Buffer }[] = [];
    for (;;) {
      const head = this.#isStarted ? 1 : 0;
      if (this.#rest.length < head + 4) return frames;
      const size = head + this.#rest.readUInt32BE(head);
      if (this.#rest.length < size) return frames;
      const bytes = this.#rest.subarray(0, size);
      frames.push({ type: this.#isStarted ? (bytes[0] ?? null) : null, bytes });
      this.#isStarted = true;
      this.#rest = this.#rest.subarray(size);
    }
  }
}
