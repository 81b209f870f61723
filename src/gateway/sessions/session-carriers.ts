import type { Context } from '#platform/context';
import { openSessionKey } from './session-key.ts';
import { carrySession, type SessionCarrier } from './session-token.ts';

/** What of a context decides how a session travels. */
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
/** A signed session is used again for this long, far below the two hours for which it is valid. */
const reuse_ms = 300_000;

interface Held {
  readonly json: string;
  readonly carrier: SessionCarrier | null;
  readonly minted_at_ms: number;
}

/**
 * Makes the header that carries a session, and uses it again while the session, the key and the backend are the same.
 * The cookie of backend 1 is made anew for each request: its salt must not repeat.
 */
export function makeSessionCarriers(secret: string): SessionCarriers {
  let held = new Map<string, Held>();
  let held_version: number | null = null;
  let key = '';
  return async (ctx, username, session) => {
    const { site } = ctx;
    if (held_version !== site.version) {
      key = openSessionKey(site, secret);
      held = new Map();
      held_version = site.version;
    }
    // A rotation during the signing puts another map in its place: what was signed with the former key is not kept.
    const current = held;
    const now = ctx.clock.now();
    const json = JSON.stringify(session);
    const known = current.get(username);
    const age_ms = now.getTime() - (known?.minted_at_ms ?? 0);
    if (known && known.json === json && age_ms >= 0 && age_ms < reuse_ms) return known.carrier;
    const carrier = await carrySession(site.session_backend, session, key, now);
    if (site.session_backend === 2) {
      if (current.size >= carriers_max) current.clear();
      current.set(username, { json, carrier, minted_at_ms: now.getTime() });
    }
    return carrier;
  };
}
