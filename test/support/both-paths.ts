import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exchangeRaw, type RawResponse } from './raw-exchange.ts';
import { type GatewayApp, startGatewayApp } from './gateway-app.ts';

/** A request as the upstream received it. */
export interface SeenRequest {
  readonly line: string;
  /** Pairs of name and value. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export interface Outcome {
  readonly response: RawResponse | null;
  /** Null if the request did not reach the upstream. */
  readonly seen: SeenRequest | null;
  /** True if the request reached the upstream without the router. */
  readonly is_from_memory: boolean;
}

export interface BothPaths {
  readonly app: GatewayApp;
  readonly upstream_url: string;
  /** Sends the bytes to the server of the program, which tries the memory path first. */
  first(bytes: string): Promise<Outcome>;
  /** Sends the bytes to a server that has only the router. */
  routed(bytes: string): Promise<Outcome>;
  close(): Promise<void>;
}

type Options = Parameters<typeof startGatewayApp>[0];

/**
 * Starts a gateway that listens twice: as the program does, and with its router only. `respond` is the application
 * behind it.
 */
export async function startBothPaths(
  respond: (request: IncomingMessage, response: ServerResponse) => void,
  options: Options = {},
): Promise<BothPaths> {
  let seen: SeenRequest | null = null;
  let routed_count = 0;
  const upstream = createServer((request, response) => {
    void readAll(request).then((body) => {
      seen = { line: `${request.method} ${request.url}`, headers: toPairs(request.rawHeaders), body };
      respond(request, response);
    });
  });
  const app = await startGatewayApp(options);
  const { routing } = app.http;
  app.http.routing = (request, response) => {
    routed_count += 1;
    routing(request, response);
  };
  // The options of the program's server (src/platform/http/app.ts).
  const router = createServer({ maxHeaderSize: 16_384, requireHostHeader: false, shouldUpgradeCallback: () => false });
  for (const event of ['checkExpectation', 'clientError'] as const)
    for (const listener of app.http.server.listeners(event)) router.on(event, listener as () => void); // as registered
  router.keepAliveTimeout = app.http.server.keepAliveTimeout;
  router.on('request', (request, response) => app.http.routing(request, response));
  const [upstream_port, router_port] = [await listen(upstream), await listen(router)];

  async function send(port: number, bytes: string): Promise<Outcome> {
    seen = null;
    const before = routed_count;
    const response = await exchangeRaw(port, bytes, bytes.startsWith('HEAD '));
    return { response, seen, is_from_memory: seen !== null && routed_count === before };
  }

  return {
    app,
    upstream_url: `http://127.0.0.1:${upstream_port}`,
    first: (bytes) => send(Number(new URL(app.origin).port), bytes),
    routed: (bytes) => send(router_port, bytes),
    async close() {
      await app.close();
      for (const server of [router, upstream]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/**
 * Replaces what differs between two equal requests: the request id, also where the upstream received it, the date, and
 * the nonce and the CSRF token of a page.
 */
export function withoutChance({ response, seen }: Outcome): unknown {
  if (response === null) return { response, seen };
  const id = response.headers.find(([name]) => name === 'x-request-id')?.[1] ?? '-';
  const plain = (text: string) =>
    text
      .replaceAll(id.length < 20 ? '\0' : id, 'ID')
      .replaceAll(/Request [0-9a-f]{24}/g, 'Request ID')
      .replaceAll(/nonce(-|=")[-\w]+/g, 'nonce')
      .replaceAll(/(?:[-\w]{22}\.){1,2}[-\w]{43}/g, 'csrf token');
  const plainPairs = (pairs: readonly (readonly [string, string])[]) =>
    pairs.filter(([name]) => name.toLowerCase() !== 'date').map(([name, value]) => `${name}: ${plain(value)}`);
  return {
    response: { ...response, headers: plainPairs(response.headers), body: plain(response.body) },
    seen: seen && { ...seen, headers: plainPairs(seen.headers) },
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await request.toArray()).toString('latin1');
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // it listens on TCP
}

function toPairs(raw: readonly string[]): (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
}
