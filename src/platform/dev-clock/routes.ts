import { type Static, Type } from 'typebox';
import { readInstant } from '#kernel/instant';
import { invalidInput } from '#kernel/problem';
import type { MovableClock } from '../clock.ts';
import type { App } from '../http/app.ts';
import { prefersHtml } from '../http/replies/negotiate.ts';
import { IsoInstant, NullableString } from '../http/schemas.ts';
import { refusalText, refuseMove } from './clock-move.ts';
import type { ClockMove, ClockMoves } from './clock-moves.ts';
import { CLOCK_PAGE } from './pages.ts';
import { clockProblems } from './problems.ts';

const NullableNumber = Type.Union([Type.Number(), Type.Null()]);

const ClockState = Type.Object({
  now: IsoInstant,
  /** The move that runs, or the last one. */
  move: Type.Union([
    Type.Object({
      from: IsoInstant,
      to: IsoInstant,
      at: IsoInstant,
      state: Type.Enum(['running', 'done', 'cancelled', 'failed']),
      /** 0 to 1. */
      part: Type.Number(),
      days_per_second: NullableNumber,
      left_ms: NullableNumber,
      error: NullableString,
    }),
    Type.Null(),
  ]),
  runs_count: Type.Optional(Type.Integer()),
  failed: Type.Optional(Type.Array(Type.Object({ job: Type.String(), at: IsoInstant, error: Type.String() }))),
});

const config = { access: { kind: 'public' } } as const;

/** The API of the clock. */
export function clockRoutes(app: App, clock: MovableClock, moves: ClockMoves): void {
  app.get(
    '/_dev/clock',
    // No `response` schema: browsers are redirected to the page.
    { config, schema: { tags: ['development'], summary: "Reads the site's clock and the progress of its move" } },
    async ({ raw }, reply) => {
      if (prefersHtml(raw)) return reply.redirect(CLOCK_PAGE, 303);
      return reply.send(presentClock(clock, moves.current()));
    },
  );

  app.post(
    '/_dev/clock',
    {
      config: { ...config, problems: [clockProblems.clock_moving] },
      schema: {
        tags: ['development'],
        summary: "Moves the site's clock forward and runs, in order, all work that falls due on the way",
        body: Type.Object({ now: Type.String({ maxLength: 64 }) }),
        response: { 200: ClockState },
      },
    },
    async ({ body }) => {
      const to = readInstant('now', body.now, 'UTC');
      const refusal = refuseMove(clock.now(), to);
      if (refusal !== null) throw invalidInput({ now: [refusalText(refusal, clock.now())] });
      const move = await moves.start(to).done;
      const failed = move.failed.map(({ job, at, error }) => ({ job, at: at.toISOString(), error }));
      return { ...presentClock(clock, move), runs_count: move.runs_count, failed };
    },
  );

  app.delete(
    '/_dev/clock',
    {
      config,
      schema: {
        tags: ['development'],
        summary: 'Cancels the move of the clock that runs; it ends after the work of its instant',
        response: { 200: ClockState },
      },
    },
    async () => {
      moves.cancel();
      return presentClock(clock, moves.current());
    },
  );
}

function presentClock(clock: MovableClock, move: ClockMove | null): Static<typeof ClockState> {
  const shown = move && {
    from: move.from.toISOString(),
    to: move.to.toISOString(),
    at: move.at.toISOString(),
    state: move.state,
    part: move.progress.part,
    days_per_second: move.progress.per_second,
    left_ms: move.state === 'running' ? move.progress.left_ms : null,
    error: move.error,
  };
  return { now: clock.now().toISOString(), move: shown };
}
