import type { ServerResponse } from 'node:http';
import { Agent } from 'undici';
import { codeOfError } from '#platform/http/replies/error-code';
import { streamExchange, type StartedResponse } from './stream-exchange.ts';
import { requestUpgrade, type RefusedUpgrade, type UpgradedConnection } from './request-upgrade.ts';
import { makeTransferWatches } from './transfer-watch.ts';
import { upstreamConnector } from './upstream-connector.ts';
import { UpstreamFailure } from './upstream-failure.ts';
import type { OutgoingRequest } from './upstream-request.ts';
import type { Place } from './upstream-shares.ts';

export interface ForwarderOptions {
  /** Time in which the upstream must begin its response after it received the whole request. */
  readonly headers_timeout_ms: number;
  readonly connect_timeout_ms: number;
  readonly idle_ms: number;
  readonly private_addresses_allowed: boolean;
}

/** Sends requests to the upstream through one pool of connections. */
export interface Forwarder {
  /**
   * Forwards the request and streams the response into `response`; resolves when the response has begun.
   * The caller releases `place` when `response` closes.
   * @throws UpstreamFailure until the response has begun; later failures destroy `response`
   */
  forward(request: OutgoingRequest, response: ServerResponse, place: Place): Promise<StartedResponse>;
  /**
   * Opens a connection on which both sides write freely.
   * Returns the upstream's response if it does not switch protocols. Aborting `signal` ends the handshake.
   * @throws UpstreamFailure
   */
  upgrade(
    request: OutgoingRequest,
    protocol: string,
    signal: AbortSignal,
  ): Promise<UpgradedConnection | RefusedUpgrade>;
  close(): Promise<void>;
}

const response_header_bytes_max = 65_536;
const methods_without_effect = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Makes the keep-alive pool for forwarded requests. The places of `upstream-shares.ts` bound its size. */
export function makeForwarder(options: ForwarderOptions): Forwarder {
  const { headers_timeout_ms, connect_timeout_ms, private_addresses_allowed } = options;
  const agent = new Agent({
    pipelining: 1,
    headersTimeout: headers_timeout_ms,
    // `TransferWatches` bounds bodies: it distinguishes event streams and slow callers.
    bodyTimeout: 0,
    maxHeaderSize: response_header_bytes_max,
    connect: upstreamConnector(connect_timeout_ms, private_addresses_allowed),
  });
  const watches = makeTransferWatches(options.idle_ms);

  return {
    async forward(request, response, place) {
      const parts = { agent, watches, request, response, place };
      try {
        return await streamExchange(parts);
      } catch (error) {
        if (!mayRetry(request, error)) throw error;
        // The upstream closed an idle connection while the request was sent on it.
        return streamExchange(parts);
      }
    },
    upgrade: async (request, protocol, signal) => requestUpgrade(agent, request, protocol, signal),
    close: async () => agent.destroy(),
  };
}

/** True for a request without body and effect whose connection was closed before a response. */
function mayRetry(request: OutgoingRequest, error: unknown): boolean {
  if (request.body !== null || !methods_without_effect.has(request.method)) return false;
  if (!(error instanceof UpstreamFailure) || error.reason !== 'unreachable') return false;
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOfError(error.cause));
}
