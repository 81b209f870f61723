import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Context } from '../context.ts';
import { isDatabaseDown } from '../db/database.ts';
import type { PreparedEvents, Subscriber } from './events.ts';
import type { ClaimedRow } from './lease-store.ts';

/** Events of a batch that are handled at the same time; the mail server limits the pace of most events. */
const CONCURRENCY_MAX = 8;

interface DeliveryOptions {
  ctx: Context;
  clock: Clock;
  subscribers: readonly Subscriber[];
  isHalted(): boolean;
  /** Receives the outcome of an event as soon as it is known. */
  onOutcome(row: ClaimedRow, error: Error | null): void;
}

type Prepared = ReadonlyMap<ClaimedRow, PreparedEvents | Error>;

/**
 * Delivers the events of a batch to every subscriber that wants them; an event that fails keeps neither other events
 * nor other subscribers from being handled. Returns the rows that were not started before `isHalted`.
 */
export async function deliverBatch(options: DeliveryOptions, rows: readonly ClaimedRow[]): Promise<ClaimedRow[]> {
  const { ctx, clock, subscribers, isHalted, onOutcome } = options;
  const prepared = new Map<Subscriber, Prepared>();
  for (const subscriber of subscribers) {
    const wanted = rows.filter(({ name }) => subscriber.wants(name));
    if (wanted.length > 0) prepared.set(subscriber, await prepare(ctx, subscriber, wanted));
  }
  const left: ClaimedRow[] = [];
  const expired: ClaimedRow[] = [];
  const queue = rows.values();
  // Rendering takes time: requests are served between two events. All immediates of one turn of the event loop run
  // without a request between them, so that the events take their turns one after the other.
  let turns: Promise<unknown> = Promise.resolve();
  const takeTurn = () => (turns = turns.then(async () => setImmediate()));
  const handleNext = async () => {
    for (const row of queue) {
      if (isHalted()) left.push(row);
      // The rows before it took long: another process may have this one by now.
      else if (clock.now() >= row.leased_until) expired.push(row);
      else {
        await takeTurn();
        onOutcome(row, await handle(ctx, prepared, row));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY_MAX, rows.length) }, handleNext));
  await release(prepared, [...left, ...expired]);
  return left;
}

/** Prepares events together; if that fails, each one alone, so that the event that causes it fails alone. */
async function prepare(ctx: Context, subscriber: Subscriber, rows: readonly ClaimedRow[]): Promise<Prepared> {
  const tryPrepare = (some: readonly ClaimedRow[]) => subscriber.prepare(ctx, some).catch(toError);
  const together = await tryPrepare(rows);
  if (!(together instanceof Error) || rows.length === 1 || isDatabaseDown(together))
    return new Map(rows.map((row) => [row, together]));
  ctx.log.warn({ err: together, subscriber: subscriber.name, count: rows.length }, 'events not prepared together');
  const alone = new Map<ClaimedRow, PreparedEvents | Error>();
  for (const row of rows) alone.set(row, await tryPrepare([row]));
  return alone;
}

/** Returns the errors of the subscribers that failed, as one; null when all have handled the event. */
async function handle(
  ctx: Context,
  prepared: ReadonlyMap<Subscriber, Prepared>,
  row: ClaimedRow,
): Promise<Error | null> {
  const errors: Error[] = [];
  for (const [subscriber, events] of prepared) {
    const event = events.get(row);
    if (event === undefined) continue;
    const error = event instanceof Error ? event : await event.handle(row).then(() => null, toError);
    if (error === null) continue;
    const details = { err: error, event: row.name, outbox_id: row.id, subscriber: subscriber.name };
    ctx.log.warn(details, 'event not handled');
    errors.push(error);
  }
  return errors.length > 0 ? new AggregateError(errors, `${row.name} not handled`) : null;
}

async function release(prepared: ReadonlyMap<Subscriber, Prepared>, rows: readonly ClaimedRow[]): Promise<void> {
  const releaseOne = async (event: PreparedEvents | Error | undefined, row: ClaimedRow) => {
    if (event !== undefined && !(event instanceof Error)) await event.release?.(row);
  };
  await Promise.all([...prepared.values()].flatMap((events) => rows.map((row) => releaseOne(events.get(row), row))));
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
