import type { FundsEvent } from '#ledger';
import { retrieveEvidence } from '../charges/index.ts';
import { type Account, type PaymentContext, type Processor, withProcessorTimeout } from '../processors/index.ts';
import { type Charge, findChargesByKeys, findPayoutOfProcessor } from '../records/index.ts';

/** A booking without a movement at the processor. */
interface Unseen {
  event: FundsEvent;
  charge: string | null;
}

/**
 * Returns those of the bookings on an account that the processor does not have. Each is looked up: its instant there
 * may be far from that in the books.
 */
export async function explainUnseen(
  ctx: PaymentContext,
  processor: Processor,
  account: Account,
  events: readonly FundsEvent[],
): Promise<Unseen[]> {
  const receipts = events.flatMap(({ receipt_key }) => receipt_key ?? []);
  const charges = new Map((await findChargesByKeys(ctx.db, receipts)).map((each) => [each.processor_key, each]));
  const unseen: Unseen[] = [];
  for (const event of events) {
    const charge = charges.get(event.receipt_key ?? '');
    if (charge) {
      if (charge.processor !== processor.name || charge.account !== account) continue;
      if (!(await isAtProcessor(ctx, processor, charge, event))) unseen.push({ event, charge: charge.processor_key });
    } else if (event.kind.startsWith('payout')) {
      if (await isPayoutMissing(ctx, processor, account, event)) unseen.push({ event, charge: null });
    }
  }
  return unseen;
}

async function isAtProcessor(
  ctx: PaymentContext,
  processor: Processor,
  charge: Charge,
  { kind, key }: FundsEvent,
): Promise<boolean> {
  const { processor_key, account } = charge;
  if (kind === 'charge' || kind.startsWith('dispute')) {
    const evidence = await retrieveEvidence(ctx, charge);
    if (evidence?.state !== 'done') return false;
    if (kind === 'charge') return true;
    const dispute = evidence.disputes?.find((each) => key.startsWith(`dispute:${each.key}`));
    return dispute !== undefined && (kind === 'dispute' || dispute.returned_fee_amount !== null);
  }
  const reports = await withProcessorTimeout(ctx, processor.findRefunds({ processor_key, account }));
  const own = key.slice(`refund:${processor_key}:`.length).replace(/:failed$/, '');
  const report = reports.find((each) => each.key === own || own === `${processor.name}:refund:${each.processor_key}`);
  return report !== undefined && (kind === 'refund' || report.state === 'failed');
}

async function isPayoutMissing(
  ctx: PaymentContext,
  { name, findPayout }: Processor,
  account: Account,
  { kind, key }: FundsEvent,
): Promise<boolean> {
  const processor_key = key.slice('payout:'.length).replace(/:failed$/, '');
  const payout = await findPayoutOfProcessor(ctx.db, name, processor_key);
  if (payout?.account !== account) return false;
  const report = await withProcessorTimeout(ctx, findPayout({ account, processor_key }));
  return report === null || (kind === 'payout_failed' && report.state !== 'failed');
}
