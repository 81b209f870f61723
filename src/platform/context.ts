import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import type { Db } from './db/database.ts';
import type { SessionId, UserId } from './db/db-schema.ts';
import type { Site } from './site.ts';
import type { Throttle } from './security/throttle.ts';

/** The caller. Verbs decide by it and receive nothing else about the caller. */
export type Actor =
  | { kind: 'anonymous'; visitor_hash: string | null }
  | {
      kind: 'user';
      user_id: UserId;
      username: string;
      session_id: SessionId | null;
      via: 'token' | 'cookie' | 'api-key';
      visitor_hash: string | null;
    }
  | { kind: 'job'; name: string };

/** Settings of the operator that verbs apply. */
export interface Terms {
  /** Days for which the code of a prepaid seat is valid. */
  readonly seat_code_days: number;
}

/** Everything that a verb may use besides its input; passed as the first argument. */
export interface Context {
  actor: Actor;
  db: Db;
  clock: Clock;
  log: Logger;
  site: Site;
  terms: Terms;
  /** Counts attempts of the caller against the limits of the rooms. */
  throttle: Throttle;
  /** Scheme, host and port under which the caller sees the site, without a final slash. */
  origin: string;
  /** Language of the response, as a BCP 47 tag. */
  lang: string;
  /** Address and browser of the caller, for sessions and signatures; null for jobs. */
  peer: { ip: string; user_agent: string } | null;
}
