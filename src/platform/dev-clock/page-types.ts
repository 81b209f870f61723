import { type Static, Type } from 'typebox';
import { definePage } from '../http/page-type.ts';
import { IsoInstant, NullableString } from '../http/schemas.ts';

const Move = Type.Object({
  from: IsoInstant,
  to: IsoInstant,
  at: IsoInstant,
  state: Type.Enum(['running', 'done', 'cancelled', 'failed']),
  /** 0 to 100. */
  percent: Type.Integer(),
  runs_count: Type.Integer(),
  /** "3 days of the site per second"; null before the first step. */
  rate_text: NullableString,
  /** Real time that is left; null while it is unknown, and after the end. */
  left_text: NullableString,
  took_text: Type.String(),
  error: NullableString,
  failed: Type.Array(Type.Object({ job: Type.String(), at: IsoInstant, error: Type.String() })),
});

const running = {
  from: '2026-03-10T15:00:00.000Z',
  to: '2027-03-10T15:00:00.000Z',
  at: '2026-08-01T02:00:00.000Z',
  state: 'running' as const,
  percent: 39,
  runs_count: 4120,
  rate_text: '12.3 days per second',
  left_text: '18 s',
  took_text: '12 s',
  error: null,
  failed: [],
} satisfies Static<typeof Move>;

const typical = { now: '2026-03-10T15:00:00.000Z', move: null };
const failures = [{ job: 'settle_pending_charges', at: '2026-07-01T00:00:00.000Z', error: 'Error: no answer' }];

/** The page that moves the clock of a site; in development only. */
export const clockPage = definePage(
  'dev/clock.html',
  Type.Object({ now: IsoInstant, move: Type.Union([Move, Type.Null()]) }),
  {
    typical,
    running: { now: running.at, move: running },
    done: { now: running.to, move: { ...running, at: running.to, state: 'done', percent: 100, left_text: null } },
    cancelled: { now: running.at, move: { ...running, state: 'cancelled', left_text: null } },
    failed: {
      now: running.at,
      move: { ...running, state: 'failed', left_text: null, error: 'Error: the database is away', failed: failures },
    },
  },
  { as: 'visitor' },
);
