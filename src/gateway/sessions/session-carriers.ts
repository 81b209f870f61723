import type { Context } from '#platform/context';
import type { UpstreamSession } from './session.ts';
import { openSessionKey } from './session-key.ts';
import { carrySession, encryptedCookie, type SessionCarrier } from './session-token.ts';

/** The part of a context on which the header of a session depends. */
interface CarrierContext {
  readonly clock: Context['clock'];
  readonly site: Pick<Context['site'], 'version' | 'session_backend' | 'session_key_sealed'>;
}

/** The facts of a session that is not truncated: the same objects make the same session. */
export interface SessionFacts {
  /** Facts about the caller; replaced when one changes. */
  readonly caller: object;
  readonly visit: { readonly last_visited: string | null; readonly first_time_tags: readonly string[] };
}

/** Makes the header that carries a session; keeps it while session, key and backend are unchanged. */
export interface SessionCarriers {
  /** Returns the header of a session that was made before from the same facts; undefined if it must be made. */
  peek(ctx: CarrierContext, facts: SessionFacts): SessionCarrier | null | undefined;
  /** `facts` is null for a session that depends on the request: it is truncated. */
  make(ctx: CarrierContext, session: UpstreamSession, facts: SessionFacts | null): Promise<SessionCarrier | null>;
}

const carriers_max = 10_000;
/** Maximum age of a cached signed session; it is valid for two hours. */
const reuse_ms = 300_000;

interface CacheEntry {
  readonly json: string;
  readonly carrier: SessionCarrier | null;
  readonly signed_at_ms: number;
}

/** Session key of one version of the site, and the sessions that were made with it, by username and by their facts. */
interface Kept {
  readonly version: number;
  readonly key: string;
  readonly by_username: Map<string, CacheEntry>;
  /** By facts about the caller, then by visit. */
  readonly by_facts: WeakMap<object, Map<string, CacheEntry>>;
}

/**
 * Makes the carriers of a site. The cookie of backend 1 is encrypted for each request, since its salt must not repeat;
 * its JSON is kept.
 */
export function makeSessionCarriers(secret: string): SessionCarriers {
  let kept: Kept | null = null;

  function keptFor({ site }: CarrierContext): Kept {
    if (kept?.version !== site.version) {
      const key = openSessionKey(site, secret);
      kept = { version: site.version, key, by_username: new Map(), by_facts: new WeakMap() };
    }
    return kept;
  }

  return {
    peek(ctx, { caller, visit }) {
      const { session_backend } = ctx.site;
      if (session_backend === 0) return null;
      const { key, by_facts } = keptFor(ctx);
      const entry = by_facts.get(caller)?.get(visitKey(visit));
      if (entry === undefined) return undefined;
      if (session_backend === 1) return encryptedCookie(entry.json, key);
      return isFresh(entry, ctx.clock.now()) ? entry.carrier : undefined;
    },
    async make(ctx, session, facts) {
      // A rotation during the signing replaces `kept`: a session signed with the former key is not found later.
      const { key, by_username, by_facts } = keptFor(ctx);
      const { session_backend } = ctx.site;
      const now = ctx.clock.now();
      const json = JSON.stringify(session);
      let entry = by_username.get(session.username);
      if (entry?.json !== json || session_backend !== 2 || !isFresh(entry, now)) {
        entry = { json, carrier: await carrySession(session_backend, session, key, now), signed_at_ms: now.getTime() };
        if (by_username.size >= carriers_max) by_username.clear();
        if (session_backend === 2) by_username.set(session.username, entry);
      }
      if (facts !== null && session_backend !== 0) {
        const by_visit = by_facts.get(facts.caller) ?? new Map<string, CacheEntry>();
        // A visit changes once an hour: former entries are not needed.
        if (by_visit.size >= visits_max) by_visit.clear();
        by_facts.set(facts.caller, by_visit.set(visitKey(facts.visit), entry));
      }
      return entry.carrier;
    },
  };
}

/** Sessions kept per caller: one per set of tags. */
const visits_max = 16;

function visitKey({ last_visited, first_time_tags }: SessionFacts['visit']): string {
  return first_time_tags.length === 0 ? (last_visited ?? '') : JSON.stringify([last_visited, first_time_tags]);
}

function isFresh({ signed_at_ms }: CacheEntry, now: Date): boolean {
  const age_ms = now.getTime() - signed_at_ms;
  return age_ms >= 0 && age_ms < reuse_ms;
}
