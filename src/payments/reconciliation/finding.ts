import type { FundsEvent } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Movement } from '../processors/index.ts';
import { exchangeKey } from '../records/index.ts';

/**
 * What a comparison of the books with a processor finds. Differences: `missing_charge` a payment that its attempt did
 * not learn of; `orphan` a payment that no order wants and that is not refunded; `unbooked` a charge in the books that
 * is not booked as paid; `lost_refund` a refund that the books lack; `missing` another movement that they lack;
 * `books_only` a booking without a movement; `amount`, `fee` they differ; `processor_fee` a fee that belongs to no
 * charge; `unknown` a movement of an unknown type. The others are no differences: `pending` the processor decides
 * later, `returned` a refund that failed before it was booked, `foreign` nothing of this installation, `rounding` an
 * amount that the books cannot express, `held` money of a provider on this account.
 */
export type FindingKind =
  | 'missing_charge'
  | 'orphan'
  | 'unbooked'
  | 'lost_refund'
  | 'missing'
  | 'books_only'
  | 'amount'
  | 'fee'
  | 'processor_fee'
  | 'unknown'
  | 'pending'
  | 'returned'
  | 'foreign'
  | 'rounding'
  | 'held';

const NOTES: ReadonlySet<FindingKind> = new Set(['pending', 'returned', 'foreign', 'rounding', 'held']);

export interface Finding {
  kind: FindingKind;
  /** Key of the charge, refund, dispute or payout; slug of the provider of held money. */
  object: string;
  /** Key of the charge that it is about; null if it is about none. */
  charge: string | null;
  at: Date | null;
  unit: string;
  /** What the balance at the processor received; null if it did not. In 1/100 of `unit`. */
  at_processor: number | null;
  /** What Funds received in the books; null if they did not. In 1/100 of `unit`. */
  in_books: number | null;
  /** True if `fix` booked it. */
  is_fixed: boolean;
}

/** True if the books and the processor disagree. */
export function isDifference({ kind, is_fixed }: Pick<Finding, 'kind' | 'is_fixed'>): boolean {
  return !NOTES.has(kind) && !is_fixed;
}

/** Returns the keys under which the books have a movement, the likeliest first. Pure. */
export function ledgerKeysOf(movement: Movement, processor: string): string[] {
  const { kind, key, object_key, charge_key, own_key } = movement;
  const refunds = [
    ...(own_key === null ? [] : [`refund:${charge_key}:${own_key}`]),
    `refund:${charge_key}:${processor}:refund:${object_key}`,
    `orphan:${charge_key}:${object_key}`,
  ];
  switch (kind) {
    case 'charge':
      return [`charge:${object_key}`, `orphan:${object_key}`];
    case 'broker_fee':
      return charge_key === null ? [] : [`charge:${charge_key}`, `orphan:${charge_key}`];
    case 'refund':
      return refunds;
    // A refund of Tollgate is booked with the share that goes back.
    case 'share_returned':
      return [
        ...(own_key === null ? [] : [`refund:${charge_key}:${own_key}`]),
        `feerefund:${object_key}`,
        `orphan:${charge_key}:${object_key}`,
      ];
    case 'refund_returned':
      return refunds.map((each) => `${each}:failed`);
    case 'dispute':
      return [`dispute:${object_key}`];
    case 'dispute_returned':
      return [`dispute:${object_key}:reverted`];
    case 'payout':
      return [`payout:${object_key}`];
    case 'payout_returned':
      return [`payout:${object_key}:failed`];
    case 'fee':
      return [`fee:${processor}:${key}`];
    case 'other':
      return [];
  }
}

/** Returns the keys of what the rate of another day made of a movement on an account, beside its bookings. Pure. */
export function exchangeKeysOf(movement: Movement, processor: string, account: string): string[] {
  if (movement.kind === 'share_returned')
    return [exchangeKey(`feerefund:${movement.object_key}:${account === '' ? 'paid' : 'received'}`)];
  return ledgerKeysOf(movement, processor).map(exchangeKey);
}

/** Profiles whose Funds are not on every account. */
export interface FundsParties {
  broker_id: ProfileId;
  processor_id: ProfileId;
}

/**
 * Returns what an event changes on an account, in a unit: the Funds of all but the processor on the broker's own
 * account, of the provider alone on the account of a provider, and of the broker alone for its share of a charge there.
 * Pure.
 *
 * A refund on the account of a provider moves its whole amount there, and the share of the broker comes back by a
 * movement of its own, on both accounts.
 */
export function effectOn(
  { effects, kind: event_kind }: Pick<FundsEvent, 'effects' | 'kind'>,
  { account, kind, unit }: { account: string; kind: Movement['kind']; unit: string },
  { broker_id, processor_id }: FundsParties,
): number {
  const isSaleRefund = event_kind === 'refund' || event_kind === 'refund_failed';
  const sumOf = (counts: (isBroker: boolean) => boolean) =>
    effects.reduce((sum, effect) => {
      if (effect.unit !== unit || effect.profile_id === processor_id) return sum;
      return counts(effect.profile_id === broker_id) ? sum + effect.amount : sum;
    }, 0);
  const ofBroker = (isBroker: boolean) => isBroker;
  if (kind === 'broker_fee') return sumOf(ofBroker);
  if (kind === 'share_returned' && account === '') return sumOf(ofBroker);
  if (kind === 'share_returned') return isSaleRefund ? -sumOf(ofBroker) : sumOf((isBroker) => !isBroker);
  if (account === '' || isSaleRefund) return sumOf(() => true);
  return sumOf((isBroker) => !isBroker);
}
