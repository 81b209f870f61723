import { inTransaction } from '#platform/db/database';
import { defineJob } from '#platform/jobs/jobs';
import type { PaymentContext, Processors } from '../processors/index.ts';
import { closeMissedPart, findMissedSpans, type MissedSpan } from '../records/index.ts';
import { isDifference } from './finding.ts';
import { reconcilePayments } from './reconcile-payments.ts';

/** Part of a missed span that is compared before the progress is stored. */
const PART_MS = 2 * 86_400_000;

/** How long a run may begin further parts; the next run continues. */
const RUN_MS = 60_000;

/** Makes the job that compares the time of messages that were missed for good. */
export const compareMissedJob = (processors: Processors) =>
  defineJob({
    name: 'compare_missed_events',
    schedule: '*/10 * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => compareMissed({ ...ctx, processors }),
  });

/**
 * Compares the accounts whose messages were missed with the books, and books what the processor reports now, as the
 * messages would have. An account that cannot be asked is logged and tried again by the next run; the others continue.
 */
export async function compareMissed(ctx: PaymentContext): Promise<void> {
  const { chosen } = ctx.processors;
  const until_ms = performance.now() + RUN_MS;
  for (const span of await findMissedSpans(ctx.db, chosen.name)) {
    try {
      let rest: MissedSpan = span;
      while (rest.from < rest.to && performance.now() < until_ms) {
        const to = new Date(Math.min(rest.to.getTime(), rest.from.getTime() + PART_MS));
        await comparePart(ctx, rest, to);
        rest = { ...rest, from: to };
      }
    } catch (error) {
      ctx.log.error({ err: error, ...span }, 'time of missed events not compared with the books');
    }
  }
}

async function comparePart(ctx: PaymentContext, part: MissedSpan, to: Date): Promise<void> {
  const { chosen: processor } = ctx.processors;
  const { account, from } = part;
  let fixed_count = 0;
  if (processor.movements !== null) {
    const { differences_count } = await reconcilePayments(ctx, {
      processor,
      account,
      from,
      to,
      fix: 'changes',
      onFinding(finding) {
        if (finding.is_fixed) fixed_count += 1;
        // A fee that belongs to no charge is offered by the command, and a payment without an order has its own list.
        else if (isDifference(finding)) ctx.log.warn({ finding, account }, 'difference to the payment processor');
      },
    });
    ctx.log.warn(
      { account, from, to, fixed_count, differences_count },
      'time of missed events compared with the books',
    );
  }
  await inTransaction(ctx.db, (tx) => closeMissedPart(tx, processor.name, part, to));
}
