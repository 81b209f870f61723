import { type Entry, postEvent } from '#ledger';
import {
  type Attempt,
  callProcessor,
  type Charge,
  isAccepted,
  type PaymentContext,
  recordCharge,
  reserveAttempt,
} from '#payments';
import type { Context } from '#platform/context';
import type { Clock } from '#platform/clock';
import { type Db, inTransaction } from '#platform/db/database';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { next } from '../factories.ts';
import { makeSubject, orderEntry } from './ledger.ts';

/** An unpaid order with some lines: one entry per line, each in a separate ledger event. */
export async function makeOrder(
  ctx: Context,
  {
    payer,
    provider,
    amounts,
    unit = 'usd',
  }: { payer: ProfileId; provider: ProfileId; amounts: number[]; unit?: string },
): Promise<Entry[]> {
  return inTransaction(ctx.db, (tx) =>
    postEvent(tx, {
      key: next('order:made'),
      kind: 'order',
      at: ctx.clock.now(),
      entries: amounts.map((amount) =>
        orderEntry({
          provider,
          payer,
          amount,
          unit,
          subject: makeSubject(),
          description: 'Subscription to basic until 2026/04/10 (1 month)',
        }),
      ),
    }),
  );
}

export interface ChargeFacts {
  payer: ProfileId;
  provider: ProfileId;
  amounts?: number[];
  unit?: string;
  token?: string | null;
  remember_card?: boolean;
  broker_fee_percent?: number;
  created_by?: UserId | null;
}

/** The state before the call of the processor: an order, and the intent to charge it. */
export async function makeAttempt(
  ctx: PaymentContext,
  facts: ChargeFacts,
): Promise<{ attempt: Attempt; orders: Entry[] }> {
  const orders = await makeOrder(ctx, { ...facts, amounts: facts.amounts ?? [2000] });
  const attempt = await inTransaction(ctx.db, (tx) =>
    reserveAttempt(tx, {
      processors: ctx.processors,
      profile_id: facts.payer,
      created_by: facts.created_by ?? null,
      amount: orders.reduce((sum, { dest_amount }) => sum + dest_amount, 0),
      unit: facts.unit ?? 'usd',
      lines: linesOf(orders, facts.broker_fee_percent),
      description: 'Cowork',
      token: facts.token === undefined ? 'tok_visa' : facts.token,
      remember_card: facts.remember_card ?? false,
      at: ctx.clock.now(),
    }),
  );
  return { attempt, orders };
}

/** The lines of a charge that pays for orders. */
export function linesOf(orders: readonly Entry[], broker_fee_percent = 0) {
  return orders.map((order) => ({
    entry_id: order.id,
    provider_id: order.orig_profile_id,
    amount: order.dest_amount,
    broker_fee_percent,
    event_label: 'xia:basic',
  }));
}

/** A charge that the processor accepted, with the order that it pays. */
export async function makeCharge(
  ctx: PaymentContext,
  facts: ChargeFacts,
): Promise<{ charge: Charge; orders: Entry[] }> {
  const { attempt, orders } = await makeAttempt(ctx, facts);
  const outcome = await callProcessor(ctx, attempt);
  if (!isAccepted(outcome)) throw new Error(`the card was not charged: ${outcome.outcome}`);
  const charge = await inTransaction(ctx.db, (tx) =>
    recordCharge(tx, attempt, outcome, linesOf(orders, facts.broker_fee_percent), ctx.clock.now()),
  );
  return { charge, orders };
}

/** Stores a message of a payment processor that could not be handled; returns its key. */
export async function makeParkedMessage(
  { db, clock }: { db: Db; clock: Clock },
  {
    event_key,
    object_key = 'ch_XAb124EF',
    reason = 'the charge has an amount that its lines do not have',
  }: {
    event_key: string;
    object_key?: string;
    reason?: string;
  },
): Promise<string> {
  const at = clock.now();
  const row = { processor: 'stripe', kind: 'charge', state: 'parked', failures_count: 7 } as const;
  await db
    .insertInto('processor_events')
    .values({ ...row, event_key, object_key, reason, received_at: at, next_at: at, done_at: at })
    .execute();
  return event_key;
}
