import type { IncomingMessage, ServerResponse } from 'node:http';
import { keepLast } from '#kernel/keep-last';
import type { Context } from '#platform/context';
import { networkOf } from '#platform/security/throttle';
import type { GrantedPassage } from '../pipeline.ts';
import type { Forwarder } from './forward.ts';
import { buildRequestHeaders } from './forward-headers.ts';
import type { OpenConnections } from './open-connections.ts';
import type { OpenStream, OpenStreams } from './open-streams.ts';
import type { OutgoingRequest } from './upstream-request.ts';
import type { Place, ShareHolder, UpstreamShares } from './upstream-shares.ts';

/** Objects that all forwarded requests share. */
export interface ForwardingParts {
  readonly forwarder: Forwarder;
  readonly open: OpenConnections;
  readonly streams: OpenStreams;
  readonly shares: UpstreamShares;
  /** Names of FORWARDED_HEADERS, in lower case. */
  readonly further: ReadonlySet<string>;
}

/** A request that the rules grant, with its response. */
export interface ForwardedRequest {
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  /** Id of the request in Tollgate's log. */
  readonly id: string;
  readonly granted: GrantedPassage;
  readonly entry_point: string;
  /** Strict-Transport-Security of the site, or null on http. */
  readonly transport_policy: string | null;
}

/**
 * Forwards a request and streams its response; resolves when the response has begun. An event stream is checked until
 * it ends. The caller has called `occupyPlace`.
 *
 * @throws UpstreamFailure until the response has begun
 */
export async function forwardExchange(
  { forwarder, streams, further }: ForwardingParts,
  forwarded: ForwardedRequest,
  place: Place,
): Promise<void> {
  const { response } = forwarded;
  const { is_event_stream } = await forwarder.forward(buildOutgoingRequest(forwarded, further), response, place);
  if (!is_event_stream) return;
  streams.add(
    describeStream(forwarded, () => response.destroy()),
    response,
  );
}

/** Releases the place when the connection or the response closes. Returns false if it has closed already. */
export function occupyPlace(
  place: Place,
  channel: { readonly destroyed: boolean; on(event: 'close', listener: () => void): unknown },
): boolean {
  channel.on('close', () => place.release());
  if (channel.destroyed) place.release();
  return !channel.destroyed;
}

/** Each signed-in caller has a share; the anonymous callers of one network have one together. */
export function findShareHolder({ actor, peer }: Pick<Context, 'actor' | 'peer'>): ShareHolder {
  return { user: actor.kind === 'user' ? String(actor.user_id) : null, network: networkOf(peer?.ip) };
}

/** Describes an open stream, so that it ends when its request would be refused. */
export function describeStream({ raw, granted }: ForwardedRequest, end: () => void): OpenStream {
  const { ctx, method, target } = granted;
  return { ctx, method, target, authorization: raw.headers.authorization, end };
}

/** Builds the request that the upstream receives. */
export function buildOutgoingRequest(
  { raw, id, granted, entry_point, transport_policy }: ForwardedRequest,
  further: ReadonlySet<string>,
): OutgoingRequest {
  const { ctx, carrier: session, target, method, is_preflight } = granted;
  const caller = { ip: ctx.peer?.ip ?? '', ...splitOrigin(ctx.origin), request_id: id };
  return {
    entry_point,
    method,
    target: target.path + target.search,
    headers: buildRequestHeaders(raw.rawHeaders, caller, { session, further, is_preflight }),
    request_id: id,
    transport_policy,
    body: hasBody(raw) ? raw : null,
  };
}

const splitOrigin = keepLast((origin: string) => {
  const { host, protocol } = new URL(origin);
  return { host, scheme: protocol.replace(':', '') };
});

/** True if the request announces a body that is not empty. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
