import type { Context } from '#platform/context';
import { openSessionKey } from './session-key.ts';
import { carrySession, type SessionCarrier } from './session-token.ts';

/** The part of a context on which the header of a session depends. */
interface CarrierContext {
  readonly clock: Context['clock'];
  readonly site: Pick<Context['site'], 'version' | 'session_backend' | 'session_key_sealed'>;
}

export type SessionCarriers = (
  ctx: CarrierContext,
  username: string,
  session: object,
) => Promise<SessionCarrier | null>;

const carriers_max = 10_000;
/** Maximum age of a cached signed session; it is valid for two hours. */
const reuse_ms = 300_000;

interface CacheEntry {
  readonly json: string;
  readonly carrier: SessionCarrier | null;
  readonly signed_at_ms: number;
}

/**
 * Makes the header that carries a session; caches it while session, key and backend are unchanged.
 * The cookie of backend 1 is encrypted for each request, since its salt must not repeat.
 */
export function makeSessionCarriers(secret: string): SessionCarriers {
  let cache = new Map<string, CacheEntry>();
  let cached_version: number | null = null;
  let key = '';
  return async (ctx, username, session) => {
    const { site } = ctx;
    if (cached_version !== site.version) {
      key = openSessionKey(site, secret);
      cache = new Map();
      cached_version = site.version;
    }
    // A rotation during the signing replaces the map: a session signed with the former key is not cached.
    const current = cache;
    const now = ctx.clock.now();
    const json = JSON.stringify(session);
    const cached = current.get(username);
    const age_ms = now.getTime() - (cached?.signed_at_ms ?? 0);
    if (cached && cached.json === json && age_ms >= 0 && age_ms < reuse_ms) return cached.carrier;
    const carrier = await carrySession(site.session_backend, session, key, now);
    if (site.session_backend === 2) {
      if (current.size >= carriers_max) current.clear();
      current.set(username, { json, carrier, signed_at_ms: now.getTime() });
    }
    return carrier;
  };
}
