import type { Selectable } from 'kysely';
import type { LedgerSubject } from '#ledger';
import type { PayoutAccountsTable, PayoutsTable } from '#platform/db/db-schema';
import type { PayoutReport } from '../processors/index.ts';

/** A payout of a provider's funds, from the intent to the end. A negative amount debits the bank account. */
export type Payout = Selectable<PayoutsTable>;

/** The account at a processor to which a provider is paid out. */
export type PayoutAccount = Selectable<PayoutAccountsTable>;

/** Change of a payout that a report of the processor causes, and the entries that it needs. */
export interface PayoutStep {
  to: 'pending' | 'paid' | 'failed';
  /** `sent`: the amount leaves the funds. `returned`: it comes back. Null: no entries. */
  books: 'sent' | 'returned' | null;
}

/**
 * Returns the change that a report makes to a payout; null if it makes none.
 *
 *     reserved ──▶ pending ──▶ paid
 *        │            └──────────┴──▶ failed (the bank returned it)
 *        └──▶ failed (never sent)
 *
 * Pure and idempotent: a report only moves a payout forward, so the order of response, job and webhook does not matter.
 * A payout without a key of the processor that is failed was never sent as far as Tollgate knew; a report that it was
 * sent is applied.
 */
export function decidePayoutStep(
  { state, processor_key }: Pick<Payout, 'state' | 'processor_key'>,
  seen: PayoutReport['state'],
): PayoutStep | null {
  const was_sent = state === 'pending' || state === 'paid';
  const has_ended = state === 'failed' && processor_key !== null;
  if (has_ended || state === seen || (state === 'paid' && seen === 'pending')) return null;
  if (seen === 'failed') return { to: 'failed', books: was_sent ? 'returned' : null };
  return { to: seen, books: was_sent ? null : 'sent' };
}

/** Returns the subject of the ledger entries of a payout: the processor's key of it, without its prefix. */
export function payoutSubject(processor_key: string): LedgerSubject {
  return { kind: 'po', id: processor_key.replace(/^po_/, '').replaceAll('/', '-').slice(0, 100), part: null };
}
