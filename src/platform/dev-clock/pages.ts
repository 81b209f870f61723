import { durationText } from '#kernel/progress';
import type { MovableClock } from '../clock.ts';
import type { App } from '../http/app.ts';
import { textField } from '../http/forms.ts';
import { chosenInstant, MOVE_DAYS_MAX, refusalText, refuseMove } from './clock-move.ts';
import type { ClockMove, ClockMoves } from './clock-moves.ts';
import { clockPage } from './page-types.ts';

export const CLOCK_PAGE = '/_dev/clock/move/';
const config = { access: { kind: 'public' }, page: true } as const;
const options = { config, schema: { hide: true } };
/** Seconds after which a browser reads the page of a running move again. */
const REFRESH_S = 1;

/** The page that shows and moves the clock. A move runs while the page reports its progress. */
export function clockPages(app: App, clock: MovableClock, moves: ClockMoves): void {
  app.get(CLOCK_PAGE, options, async (_request, reply) => {
    const move = moves.current();
    if (move?.state === 'running') reply.header('refresh', String(REFRESH_S));
    return reply.page(clockPage, { now: clock.now().toISOString(), move: move && presentMove(move) });
  });

  app.post(CLOCK_PAGE, options, async ({ body, log }, reply) => {
    const chosen = {
      step: textField(body, 'step', 10),
      days: textField(body, 'days', 10),
      date: textField(body, 'date', 64),
    };
    const now = clock.now();
    const to = chosenInstant(chosen, now);
    const refusal = to && refuseMove(now, to);
    if (moves.current()?.state === 'running') reply.flash('error', 'The clock is moving. Wait, or cancel the move.');
    else if (to === null)
      reply.flash('error', `Choose a date, or up to ${MOVE_DAYS_MAX} days. The clock did not move.`);
    else if (refusal !== null) reply.flash('error', refusalText(refusal, now));
    else moves.start(to).done.catch((error: unknown) => log.error({ err: error }, 'the clock did not move'));
    return reply.redirect(CLOCK_PAGE, 303);
  });

  app.post('/_dev/clock/cancel/', options, async (_request, reply) => {
    if (moves.cancel()) reply.flash('info', 'The move ends after the work of its instant.');
    return reply.redirect(CLOCK_PAGE, 303);
  });
}

function presentMove(move: ClockMove) {
  const { progress, state, took_ms, error, runs_count } = move;
  const rate = progress.per_second;
  return {
    from: move.from.toISOString(),
    to: move.to.toISOString(),
    at: move.at.toISOString(),
    state,
    percent: Math.floor(progress.part * 100),
    runs_count,
    rate_text: rate === null ? null : `${rate.toFixed(1)} days per second`,
    left_text: state === 'running' && progress.left_ms !== null ? durationText(progress.left_ms) : null,
    took_text: durationText(took_ms),
    error,
    failed: move.failed.slice(-20).map(({ job, at, error: cause }) => ({ job, at: at.toISOString(), error: cause })),
  };
}
