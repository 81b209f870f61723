import { createHmac } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { open, seal, sha256Hex } from '../../security/crypto.ts';
import { claimKey, type KeyClaim, releaseKey, updateResponse } from './idempotency-store.ts';
import { httpProblems } from '../problems.ts';

const REPEATED_HEADERS = ['content-type', 'location'];
/** Statuses that ask for a retry: a stored response would make the retry impossible. */
const PASSING_STATUSES = new Set([401, 409, 425, 429]);

export type ClaimedKey = KeyClaim;

/**
 * Applies `Idempotency-Key` to an unsafe request: the first request runs, a repeated one gets the stored response.
 * Runs after authorization and validation, so that a repeated key skips neither.
 * @throws idempotency_key_invalid (400), idempotency_key_in_flight (409), idempotency_key_reused (422)
 * @see draft-ietf-httpapi-idempotency-key-header-07, docs/decisions/0010-idempotency-records.md
 */
export async function claimIdempotencyKey(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || key.length < 1 || key.length > 255) throw httpProblems.idempotency_key_invalid();
  const { ctx } = request;
  const scope = scopeOf(request);
  const fingerprint = fingerprintOf(request);
  const claim = await claimKey(ctx.db, scope, key, fingerprint, ctx.clock.now());
  switch (claim.kind) {
    case 'claimed':
      request.idempotency = { scope, key, claimed_at: claim.claimed_at };
      return undefined;
    case 'in_flight':
      throw httpProblems.idempotency_key_in_flight({ retry_after_s: 1 });
    case 'reused':
      throw httpProblems.idempotency_key_reused();
    case 'done': {
      reply.status(claim.response.status).header('idempotency-replayed', 'true');
      for (const [name, value] of Object.entries(claim.response.headers)) reply.header(name, value);
      return reply.send(open(claim.response.body_sealed, request.server.sealKey));
    }
  }
}

/**
 * Returns a key for a call of an external system, derived from the request; null without `Idempotency-Key`.
 *
 * Why: the record of an interrupted request is released after two minutes, although its call may have succeeded. A
 * repeated request derives the same key and finds the result of that call.
 */
export function intentKey(request: FastifyRequest, purpose: string): string | null {
  const claimed = request.idempotency;
  if (claimed === null) return null;
  return sha256Hex(JSON.stringify([purpose, claimed.scope, claimed.key, fingerprintOf(request)]));
}

/** Stores the response for replay; releases the key on 5xx and retryable statuses. */
export async function storeResponse(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
  const claimed = request.idempotency;
  if (!claimed) return;
  request.idempotency = null;
  const isText = typeof payload === 'string' || payload === undefined || payload === null;
  const isPassing = PASSING_STATUSES.has(reply.statusCode) || reply.hasHeader('retry-after');
  if (!isText || reply.statusCode >= 500 || isPassing) {
    await releaseKey(request.ctx.db, claimed);
    return;
  }
  const headers: Record<string, string> = {};
  for (const name of REPEATED_HEADERS) {
    const value = reply.getHeader(name);
    if (typeof value === 'string') headers[name] = value;
  }
  await updateResponse(request.ctx.db, claimed, {
    status: reply.statusCode,
    headers,
    body_sealed: seal(typeof payload === 'string' ? payload : '', request.server.sealKey),
  });
}

/** Keyed hash, since a body may hold a password: the table alone reveals nothing about it. */
function fingerprintOf(request: FastifyRequest): string {
  return createHmac('sha256', request.server.sealKey)
    .update(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`)
    .digest('hex');
}

function scopeOf(request: FastifyRequest): string {
  const { actor } = request.ctx;
  if (actor.kind === 'user') return `user:${actor.user_id}`;
  if (actor.kind === 'anonymous' && actor.visitor_hash !== null) return `visitor:${actor.visitor_hash}`;
  return `address:${sha256Hex(request.ip)}`;
}
