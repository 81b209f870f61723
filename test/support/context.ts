import { creditReturn } from '#billing';
import { DEFAULT_PROCESSOR, makeProcessors, type PaymentContext } from '#payments';
import { pino } from 'pino';
import { movableClock, type MovableClock } from '../../src/platform/clock.ts';
import type { Actor } from '../../src/platform/context.ts';
import type { Db } from '../../src/platform/db/database.ts';
import type { UserId } from '../../src/platform/db/db-schema.ts';
import { makeThrottle } from '../../src/platform/security/throttle.ts';
import { seedSite } from './seed.ts';

export type TestContext = PaymentContext & { clock: MovableClock };

/** An ordinary instant: no month end, no leap day, no change to or from summer time. */
export const ordinaryDay = new Date('2026-03-10T15:00:00.000Z');

/** Makes the context of a caller: anonymous unless `actor` is given, at `now` until the clock is moved. */
export async function testContext(db: Db, given: { actor?: Actor; now?: Date } = {}): Promise<TestContext> {
  const clock = movableClock(given.now ?? ordinaryDay);
  return {
    actor: given.actor ?? { kind: 'anonymous', visitor_hash: null },
    db,
    clock,
    log: pino({ level: 'silent' }),
    site: await seedSite(db, clock.now()),
    terms: { seat_code_days: 90 },
    origin: 'http://cowork.test',
    lang: 'en',
    throttle: makeThrottle(() => performance.now(), 10_000),
    peer: { ip: '192.0.2.1', user_agent: 'test' },
    processors: makeProcessors(DEFAULT_PROCESSOR, { db, clock, credit: creditReturn }),
  };
}

/** The actor of a signed-in user. */
export function signedIn(user: { id: UserId; username: string }): Actor {
  return {
    kind: 'user',
    user_id: user.id,
    username: user.username,
    session_id: null,
    via: 'token',
    visitor_hash: null,
  };
}
