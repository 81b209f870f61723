import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from '#platform/http/app';
import { type PeekedRequest, resumeInRouter, type ServeFromMemory } from '#platform/http/memory-path';
import { transport_policy } from '#platform/http/replies/security-headers';
import {
  findShareHolder,
  forwardExchange,
  type ForwardedRequest,
  type ForwardingParts,
  occupyPlace,
  UpstreamFailure,
} from './forwarding/index.ts';
import type { OwnPaths } from './own-routes.ts';
import { type GrantedPassage, peekRules, type PipelineParts } from './pipeline.ts';
import { parseRequestTarget } from './rules/index.ts';

export interface MemoryPathParts {
  readonly parts: PipelineParts;
  readonly forwarding: ForwardingParts;
  readonly own: OwnPaths;
}

/** Forwards plain requests whose decision needs no query, before the router. */
export interface MemoryPath {
  readonly serve: ServeFromMemory;
  /** Returns the failure of an exchange that began here and that the router responds to; null for other requests. */
  findFailure(request: IncomingMessage): Error | null;
}

interface Granted {
  readonly peeked: PeekedRequest;
  readonly granted: GrantedPassage;
  readonly entry_point: string;
}

/**
 * Makes the memory path. Each check that does not pass gives the request to the router, which decides from the start:
 * refusals, pages, bodies, upgrades and waiting have one implementation. The functions that decide, build headers and
 * forward are those of the router's handler.
 *
 * @see docs/decisions/0053-requests-served-from-memory.md
 */
export function makeMemoryPath(http: App, { parts, forwarding, own }: MemoryPathParts): MemoryPath {
  const failures = new WeakMap<IncomingMessage, Error>();

  function findGranted(raw: IncomingMessage): Granted | null {
    // First: a request to Tollgate does not pay for the checks of the memory path.
    if (own.beginsWithOwn(raw.url ?? '')) return null;
    const peeked = http.peekRequest(raw);
    if (peeked === null) return null;
    const { ctx, method } = peeked;
    const { entry_point } = ctx.site;
    const target = parseRequestTarget(raw.url ?? '');
    if (entry_point === null || typeof target === 'string' || own.mayInclude(target)) return null;
    const granted = peekRules({ ctx, method, target, is_preflight: false, is_cross_site: false }, parts);
    return granted?.match.rule.is_forward === true ? { peeked, granted, entry_point } : null;
  }

  /** Continues in the router, which responds to the failure. */
  function giveUp(peeked: PeekedRequest, { raw, response, id }: ForwardedRequest, error: unknown): void {
    if (response.headersSent) {
      peeked.ctx.log.error({ err: error, reqId: id }, 'forwarded response failed');
      response.destroy();
      return;
    }
    failures.set(raw, error instanceof Error ? error : new Error(String(error)));
    resumeInRouter(http, raw, response, peeked);
  }

  function serve(raw: IncomingMessage, response: ServerResponse): boolean {
    const found = catchRefusal(() => findGranted(raw));
    if (found === null) return false;
    const { peeked, granted, entry_point } = found;
    const place = forwarding.shares.takeNow('request', findShareHolder(granted.ctx));
    if (place === null) return false;
    // Counted last: the router counts the requests that it gets from here.
    if (!peeked.count()) {
      place.release();
      return false;
    }
    const writeLine = () => peeked.log(response.statusCode);
    response.on('finish', writeLine);
    if (!occupyPlace(place, response)) return true;
    const policy = http.cookieNames.secure ? transport_policy : null;
    const forwarded = { raw, response, id: peeked.id, granted, entry_point, transport_policy: policy };
    forwardExchange(forwarding, forwarded, place).catch((error: unknown) => {
      if (error instanceof UpstreamFailure && error.reason === 'caller_gone') return;
      place.release();
      response.off('finish', writeLine);
      giveUp(peeked, forwarded, error);
    });
    return true;
  }

  return { serve, findFailure: (request) => failures.get(request) ?? null };
}

/** Returns null for a refusal: the router decides again and responds. Errors are bugs that the router meets as well. */
function catchRefusal<T>(decide: () => T | null): T | null {
  try {
    return decide();
  } catch {
    return null;
  }
}
