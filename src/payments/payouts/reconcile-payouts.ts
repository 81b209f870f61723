import { inTransaction } from '#platform/db/database';
import type { PayoutAccountId, PayoutId } from '#platform/db/db-schema';
import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import { getProcessor, profileName } from '#profiles';
import {
  type PaymentContext,
  type PayoutReport,
  PROCESSOR_TIMEOUT_MS,
  withProcessorTimeout,
} from '../processors/index.ts';
import {
  findOpenPayouts,
  findPayoutAccountByKey,
  findPayoutAccounts,
  findPayoutByKey,
  findPayoutOfProcessor,
  insertPayout,
  insertPayoutAccount,
  type Payout,
  type PayoutAccount,
} from '../records/index.ts';
import { closeUnsentPayout, settlePayout } from './settle-payout.ts';

/** Exceeds PROCESSOR_TIMEOUT_MS. An older payout that the processor does not have was never requested. */
const QUIET_MS = 6 * PROCESSOR_TIMEOUT_MS;
/** How far back payouts are listed: longer than a bank takes to return one. */
const SPAN_MS = 31 * 86_400_000;

/**
 * Looks up the payouts that are not decided: requests whose response was lost, and payouts that are on their way.
 * One that fails is logged and does not delay the others.
 */
export async function finishPayouts(ctx: PaymentContext, place?: WalkPlace<PayoutId>): Promise<void> {
  const before = new Date(ctx.clock.now().getTime() - QUIET_MS);
  await walkRows(
    {
      findBatch: (after: PayoutId | null, limit) => findOpenPayouts(ctx.db, before, { after, limit }),
      work: (payout) => finishPayout(ctx, payout),
      onError: ({ id }, error) => ctx.log.error({ err: error, payout_id: id }, 'open payout not finished'),
    },
    place,
  );
}

/**
 * Books every payout that the processor made for a connected account, once by its key, also those that it made without
 * a request of Tollgate. Payouts that the bank returned later are booked back.
 */
export async function reconcilePayouts(ctx: PaymentContext, place?: WalkPlace<PayoutAccountId>): Promise<void> {
  const now = ctx.clock.now();
  const since = new Date(now.getTime() - SPAN_MS);
  // The broker is connected by the settings of the site, so its row is made here.
  await inTransaction(ctx.db, (tx) =>
    insertPayoutAccount(tx, {
      profile_id: ctx.site.broker_id,
      processor: ctx.processors.chosen.name,
      account: '',
      connected_at: now,
    }),
  );
  await walkRows(
    {
      findBatch: (after: PayoutAccountId | null, limit) => findPayoutAccounts(ctx.db, since, { after, limit }),
      work: (account) => reconcileAccount(ctx, account, since),
      onError: ({ account }, error) => ctx.log.error({ err: error, account }, 'payouts of an account not reconciled'),
    },
    place,
  );
}

/**
 * Retrieves a payout from its processor and books it. Returns false if no account of Tollgate depends on it.
 * @throws processor_unreachable (503)
 */
export async function refreshPayout(
  ctx: PaymentContext,
  { processor, account, processor_key }: { processor: string; account: string; processor_key: string },
): Promise<boolean> {
  const owner = await findPayoutAccountByKey(ctx.db, processor, account);
  if (!owner) return false;
  const call = ctx.processors.getByName(processor).findPayout({ account, processor_key });
  const report = await withProcessorTimeout(ctx, call);
  if (report === null) return false;
  await takeReport(ctx, owner, report);
  return true;
}

async function finishPayout(ctx: PaymentContext, payout: Payout): Promise<void> {
  const { account, key, processor_key } = payout;
  const name = processor_key === null ? { key: key ?? '' } : { processor_key };
  const call = ctx.processors.getByName(payout.processor).findPayout({ account, ...name });
  const report = await withProcessorTimeout(ctx, call);
  const at = ctx.clock.now();
  await inTransaction(ctx.db, (tx) =>
    report === null
      ? closeUnsentPayout(tx, payout.id, 'The payment processor never received the payout.', at)
      : settlePayout(tx, payout.id, report, at),
  );
}

async function reconcileAccount(ctx: PaymentContext, account: PayoutAccount, since: Date): Promise<void> {
  const batches = ctx.processors.getByName(account.processor).listPayouts(account.account, since);
  const iterator = batches[Symbol.asyncIterator]();
  for (;;) {
    const batch = await withProcessorTimeout(ctx, iterator.next());
    if (batch.done === true) return;
    for (const report of batch.value) {
      try {
        await takeReport(ctx, account, report);
      } catch (error) {
        ctx.log.error({ err: error, payout: report.processor_key }, 'payout not reconciled');
      }
    }
  }
}

async function takeReport(ctx: PaymentContext, owner: PayoutAccount, report: PayoutReport): Promise<void> {
  const { processor, account, profile_id } = owner;
  const { processor_key, amount, unit } = report;
  const find = async (tx: Parameters<typeof findPayoutByKey>[0]) => {
    const named = report.key === null ? undefined : await findPayoutByKey(tx, report.key);
    return named?.account === account ? named : findPayoutOfProcessor(tx, processor, processor_key);
  };
  await inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const payout =
      (await find(tx)) ??
      (await insertPayout(tx, {
        key: null,
        profile_id,
        processor,
        account,
        processor_key,
        amount,
        unit,
        description: `${profileName(await getProcessor(tx)).toUpperCase()} TRANSFER ${processor_key}`,
        state: 'reserved',
        created_at: report.created_at,
        updated_at: at,
      })) ??
      // A concurrent run inserted it.
      (await find(tx));
    if (payout) await settlePayout(tx, payout.id, report, at);
  });
}
