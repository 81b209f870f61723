import type { Duplex } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { buildResponseHeaders } from './forward-headers.ts';
import { findFailureReason, UpstreamFailure } from './upstream-failure.ts';
import { dispatchRequest, type OutgoingRequest, rawHeaders } from './upstream-request.ts';

/** A connection on which both sides write freely. */
export interface UpgradedConnection {
  readonly kind: 'upgraded';
  readonly headers: readonly string[];
  readonly socket: Duplex;
}

/** Response of an upstream that did not switch protocols; without body. */
export interface RefusedUpgrade {
  readonly kind: 'refused';
  readonly status: number;
  readonly headers: readonly string[];
}

/**
 * Asks the upstream to switch to `protocol`. Returns the upstream's response if it does not switch.
 *
 * @throws UpstreamFailure; with the reason `caller_gone` when `signal` is aborted
 */
export async function requestUpgrade(
  agent: Agent,
  request: OutgoingRequest,
  protocol: string,
  signal: AbortSignal,
): Promise<UpgradedConnection | RefusedUpgrade> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    const abort = () => {
      const error = new Error('the caller closed the connection');
      controller?.abort(error);
      reject(new UpstreamFailure('caller_gone', error));
    };
    signal.addEventListener('abort', abort, { once: true });
    dispatchRequest(
      agent,
      request,
      null,
      {
        onRequestStart(started) {
          controller = started;
          if (signal.aborted) abort();
        },
        onRequestUpgrade(started, _status, headers, socket) {
          signal.removeEventListener('abort', abort);
          if (String(headers['upgrade']).toLowerCase() !== protocol) {
            socket.destroy();
            reject(new UpstreamFailure('unreachable', new Error('the upstream switched to another protocol')));
            return;
          }
          if (signal.aborted) socket.destroy();
          resolve({
            kind: 'upgraded',
            headers: buildResponseHeaders(rawHeaders(started), { ...request, status: 101 }),
            socket,
          });
        },
        onResponseStart(started, status) {
          if (status < 200) return;
          resolve({
            kind: 'refused',
            status,
            headers: buildResponseHeaders(rawHeaders(started), { ...request, status }),
          });
          started.abort(new Error('the upstream did not switch protocols'));
        },
        onResponseError(_controller, error) {
          reject(new UpstreamFailure(findFailureReason(error), error));
        },
      },
      protocol,
    );
  });
}
