import { countFundsEvents, findFundsEvents, findFundsEventsByKeys, findFundsSpanEnd, type FundsEvent } from '#ledger';
import { getProcessor } from '#profiles';
import {
  type Account,
  type Movement,
  type PaymentContext,
  type Processor,
  type Span,
  withProcessorTimeout,
} from '../processors/index.ts';
import { findOrphanByCharge } from '../records/index.ts';
import { explainMissing } from './explain-missing.ts';
import { explainUnseen } from './explain-unseen.ts';
import { effectOn, exchangeKeysOf, type Finding, type FundsParties, isDifference, ledgerKeysOf } from './finding.ts';
import { walkHeldFunds } from './held-funds.ts';
import { replay } from './replay.ts';

/** Events of the books that one part of the span has at most; the keys of a part are kept in memory. */
const PART = 1000;
const PAGE = 500;

/** Difference of the instants of one movement in the books and at the processor for which no extra call is made. */
const APART_MS = 600_000;

export interface ReconcileOptions extends Span {
  processor: Processor;
  account: Account;
  /** True to book what the processor reports now, and fees that belong to no charge; `changes`: not those fees. */
  fix: boolean | 'changes';
  onFinding(finding: Finding): void;
  /** Called with the events of the books that were compared, and all of the span. */
  onProgress?(done: number, total: number): void;
}

/** Sums of a span in one unit. Units: 1/100. */
export interface SpanSum {
  movements_count: number;
  at_processor: number;
  in_books: number;
}

export interface Reconciliation {
  differences_count: number;
  sums: ReadonlyMap<string, SpanSum>;
}

interface Work extends ReconcileOptions {
  parties: FundsParties;
  sums: Map<string, SpanSum>;
  report(finding: Finding): void;
}

/**
 * Compares each movement of the balance of an account at a processor with the books, and each booking with the
 * processor. The span is compared in parts, so that memory does not grow with it.
 *
 * Without `fix` nothing is written. With it only what the processor reports is booked, as a message of it would be.
 * @throws processor_unreachable (503) when the processor cannot be asked
 */
export async function reconcilePayments(ctx: PaymentContext, options: ReconcileOptions): Promise<Reconciliation> {
  let differences_count = 0;
  const work: Work = {
    ...options,
    parties: { broker_id: ctx.site.broker_id, processor_id: (await getProcessor(ctx.db)).id },
    sums: new Map(),
    report(finding) {
      if (isDifference(finding)) differences_count += 1;
      options.onFinding(finding);
    },
  };
  const total = await countFundsEvents(ctx.db, options);
  let done = 0;
  for (let from = wholeSecond(options.from); from < options.to;) {
    const to = await findFundsSpanEnd(ctx.db, { from, to: options.to }, PART);
    const seen = await comparePart(ctx, work, { from, to });
    done += await compareBooks(ctx, work, { from, to }, seen);
    options.onProgress?.(done, Math.max(done, total));
    from = to;
  }
  if (options.account === '') await walkHeldFunds(ctx, options.processor, work.parties, work.report);
  return { differences_count, sums: work.sums };
}

function wholeSecond(at: Date): Date {
  return new Date(Math.floor(at.getTime() / 1000) * 1000);
}

/** Compares the movements of a part; returns the keys in the books of those around it. */
async function comparePart(ctx: PaymentContext, work: Work, part: Span): Promise<Set<string>> {
  const seen = new Set<string>();
  const around = { from: new Date(part.from.getTime() - APART_MS), to: new Date(part.to.getTime() + APART_MS) };
  const batches = work.processor.movements?.list(work.account, around)[Symbol.asyncIterator]();
  for (;;) {
    const batch = await withProcessorTimeout(ctx, batches?.next() ?? Promise.reject(new Error('no movements')));
    if (batch.done === true) return seen;
    const keys = batch.value.flatMap((movement) => allKeysOf(movement, work));
    const events = await findFundsEventsByKeys(ctx.db, keys);
    for (const movement of batch.value) {
      const booked = bookedOf(movement, work, events);
      // A share is a part of the event of its charge or refund, which has a movement of its own.
      if (booked.event && movement.kind !== 'broker_fee' && movement.kind !== 'share_returned')
        seen.add(booked.event.key);
      if (movement.at >= part.from && movement.at < part.to) await compare(ctx, work, movement, booked);
    }
  }
}

/** What the books have of a movement: its event, and the difference of the rate of its day. */
interface Booked {
  event: FundsEvent | undefined;
  exchange: FundsEvent | undefined;
}

type Place = Pick<Work, 'account' | 'processor'>;

function allKeysOf(movement: Movement, { account, processor: { name } }: Place): string[] {
  return [...ledgerKeysOf(movement, name), ...exchangeKeysOf(movement, name, account)];
}

function bookedOf(
  movement: Movement,
  { account, processor: { name } }: Place,
  events: ReadonlyMap<string, FundsEvent>,
): Booked {
  const [event, exchange] = [ledgerKeysOf(movement, name), exchangeKeysOf(movement, name, account)].map(
    (each) => each.flatMap((key) => events.get(key) ?? [])[0],
  );
  return { event, exchange };
}

async function compare(
  ctx: PaymentContext,
  work: Work,
  movement: Movement,
  { event, exchange }: Booked,
): Promise<void> {
  const { account, parties, processor, report } = work;
  const { kind, object_key: object, charge_key: charge, net, unit, at } = movement;
  const base = { object, charge, at, unit, at_processor: net, is_fixed: false };
  if (movement.is_rounded) report({ ...base, kind: 'rounding', in_books: null });
  const effect = (each: FundsEvent | undefined) => (each ? effectOn(each, { account, kind, unit }, parties) : 0);
  const booked = event && effect(event) + effect(exchange);
  // A refund that failed before it was booked can leave a difference, without a booking.
  addTo(work.sums, unit, net, booked ?? effect(exchange));
  // It is booked, but its refund failed since: its payer does not have the money back.
  if (event?.kind === 'orphan' && kind === 'charge' && (await isUnreturned(ctx, object)))
    return report({ ...base, kind: 'orphan', in_books: booked ?? null });
  if (booked === net) return;
  if (event && booked !== undefined) {
    const is_fixed = work.fix !== false && (await fixExchange(ctx, work, movement, net - effect(event)));
    report({
      ...base,
      kind: kind === 'charge' || kind === 'broker_fee' ? 'fee' : 'amount',
      in_books: booked,
      is_fixed,
    });
    return;
  }
  const found = { ...base, kind: await explainMissing(ctx, processor, movement), in_books: null };
  const isToFix = work.fix === true || (work.fix === 'changes' && found.kind !== 'processor_fee');
  if (!isToFix || !isDifference(found)) return report(found);
  await replay(ctx, processor, { movement, account, parties });
  const [key] = [...(await findFundsEventsByKeys(ctx.db, ledgerKeysOf(movement, processor.name))).keys()];
  report({ ...found, is_fixed: key !== undefined });
}

/** Books the difference of the rate of a refund that the books lack; true if they have it then. */
async function fixExchange(ctx: PaymentContext, work: Work, movement: Movement, missing: number): Promise<boolean> {
  const { account, parties, processor } = work;
  const { kind, unit } = movement;
  if (kind !== 'refund' && kind !== 'refund_returned' && kind !== 'share_returned') return false;
  await replay(ctx, processor, { movement, account, parties });
  const { exchange } = bookedOf(movement, work, await findFundsEventsByKeys(ctx.db, allKeysOf(movement, work)));
  return exchange !== undefined && effectOn(exchange, { account, kind, unit }, parties) === missing;
}

async function isUnreturned({ db }: PaymentContext, charge_key: string): Promise<boolean> {
  return (await findOrphanByCharge(db, charge_key))?.state === 'refunding';
}

function addTo(sums: Map<string, SpanSum>, unit: string, at_processor: number, in_books: number): void {
  const sum = sums.get(unit) ?? { movements_count: 0, at_processor: 0, in_books: 0 };
  sums.set(unit, {
    movements_count: sum.movements_count + 1,
    at_processor: sum.at_processor + at_processor,
    in_books: sum.in_books + in_books,
  });
}

/** Looks up each booking of a part that no movement has; returns how many bookings it has. */
async function compareBooks(ctx: PaymentContext, work: Work, part: Span, seen: ReadonlySet<string>): Promise<number> {
  let count = 0;
  let last: FundsEvent | null = null;
  for (;;) {
    const events: FundsEvent[] = await findFundsEvents(ctx.db, part, last, PAGE);
    const unseen = events.filter(({ key, effects }) => !seen.has(key) && effects.length > 0);
    for (const { event, charge } of await explainUnseen(ctx, work.processor, work.account, unseen)) {
      for (const unit of new Set(event.effects.map((effect) => effect.unit))) {
        const in_books = effectOn(event, { account: work.account, kind: 'charge', unit }, work.parties);
        if (in_books === 0) continue;
        const { key: object, created_at: at } = event;
        addTo(work.sums, unit, 0, in_books);
        work.report({ kind: 'books_only', object, charge, at, unit, at_processor: null, in_books, is_fixed: false });
      }
    }
    count += events.length;
    last = events.at(-1) ?? last;
    if (events.length < PAGE) return count;
  }
}
