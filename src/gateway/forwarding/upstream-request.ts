import type { IncomingMessage } from 'node:http';
import type { PassThrough } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { keepLast } from '#kernel/keep-last';

/** A request as the upstream receives it. */
export interface OutgoingRequest {
  /** Address of the application; its path, if any, is put before the path of the request. */
  readonly entry_point: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Alternating names and values. */
  readonly headers: string[];
  readonly request_id: string;
  /** Strict-Transport-Security of the site, or null on http. */
  readonly transport_policy: string | null;
  /** Request of the caller if it has a body, otherwise null. */
  readonly body: IncomingMessage | null;
}

/** Joins the path of the entry point and that of the request with one slash between them. */
export function upstreamUrl(entry_point: string, target: string): { origin: string; path: string; hostname: string } {
  const { origin, folder, hostname } = splitEntryPoint(entry_point);
  return { origin, path: `${folder}${target}`, hostname };
}

const splitEntryPoint = keepLast((entry_point: string) => {
  const { origin, pathname, hostname } = new URL(entry_point);
  return { origin, folder: pathname.replace(/\/+$/, ''), hostname };
});

/** Sends the request through the pool; `upgrade` names the protocol to switch to, or is null. */
export function dispatchRequest(
  agent: Agent,
  request: OutgoingRequest,
  body: PassThrough | null,
  handler: Dispatcher.DispatchHandler,
  upgrade: string | null = null,
): void {
  const { origin, path, hostname } = upstreamUrl(request.entry_point, request.target);
  const options = {
    origin,
    path,
    method: request.method,
    headers: request.headers,
    body,
    upgrade,
    // TLS uses the name of the upstream (SNI, certificate), not the Host that is sent.
    servername: hostname,
  };
  agent.dispatch(options, handler);
}

/** Returns the fields of the upstream's response, alternating names and values, decoded as Latin-1 byte by byte. */
export function rawHeaders(controller: Dispatcher.DispatchController): string[] {
  const raw = controller.rawHeaders;
  if (!Array.isArray(raw)) return [];
  return raw.map(toLatin1);
}

function toLatin1(part: Buffer | string): string {
  return typeof part === 'string' ? part : part.toString('latin1');
}
