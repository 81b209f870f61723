import { type Movement, type PaymentContext, type Processor, withProcessorTimeout } from '../processors/index.ts';
import {
  type Charge,
  findAttemptByIntent,
  findAttemptByKey,
  findCharge,
  findOrphanByCharge,
  findRefundByKey,
} from '../records/index.ts';
import type { FindingKind } from './finding.ts';

/** Returns why the books have no entries of a movement. */
export async function explainMissing(
  ctx: PaymentContext,
  processor: Processor,
  { kind, object_key, charge_key, intent_key, own_key, is_ours }: Movement,
): Promise<FindingKind> {
  const { db } = ctx;
  const { name } = processor;
  if (kind === 'other') return 'unknown';
  if (kind === 'fee') return 'processor_fee';
  const charge = charge_key === null ? undefined : await findCharge(db, charge_key);
  if (kind === 'charge') {
    if (charge?.processor === name) return 'unbooked';
    if (!is_ours) return 'foreign';
    const attempt =
      (own_key === null ? undefined : await findAttemptByKey(db, own_key)) ??
      (intent_key === null ? undefined : await findAttemptByIntent(db, intent_key));
    if ((await findOrphanByCharge(db, object_key))?.state === 'refunding') return 'orphan';
    return attempt && ['reserved', 'awaiting_action', 'settled'].includes(attempt.state) ? 'missing_charge' : 'orphan';
  }
  if (kind === 'payout' || kind === 'payout_returned') return 'missing';
  // The charge is listed as an orphan as long as its refund is not booked.
  if (!charge && charge_key !== null && (await findOrphanByCharge(db, charge_key))) return 'pending';
  if (charge?.processor !== name) return charge_key === null ? 'missing' : 'foreign';
  if (kind !== 'refund' && kind !== 'refund_returned') return 'missing';
  const own = own_key === null ? undefined : await findRefundByKey(db, own_key);
  const known = own?.charge_id === charge.id ? own : await findRefundByKey(db, `${name}:refund:${object_key}`);
  if (known?.state === 'reserved') return 'pending';
  // It failed before it was booked: its two movements leave nothing.
  if (known?.state !== 'settled' && (await hasFailed(ctx, processor, charge, object_key))) return 'returned';
  return kind === 'refund' ? 'lost_refund' : 'missing';
}

async function hasFailed(
  ctx: PaymentContext,
  { findRefunds }: Processor,
  { processor_key, account }: Charge,
  refund_key: string,
): Promise<boolean> {
  const reports = await withProcessorTimeout(ctx, findRefunds({ processor_key, account }));
  return reports.some((report) => report.processor_key === refund_key && report.state === 'failed');
}
