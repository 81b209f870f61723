import { cardSaved, cardUpdated, findWaitingAttempt, type PaymentContext, type Processors } from '#payments';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import type { Delivery, Subscriber } from '#platform/jobs/events';
import { enqueue, type Job } from '#platform/jobs/jobs';
import { abandonAwaitingOrder } from '../orders/index.ts';
import { findOrderLines, findOrderOfAttempt } from '../records/index.ts';
import type { StillWanted } from './charge-due.ts';
import type { DunningContext } from './dunning-context.ts';
import { findOpenCases } from './dunning-store.ts';
import type { DunningSettings } from './dunning-terms.ts';
import { closePaidCases, collectDue } from './review-case.ts';
import { hasTriedCard, newCardJob } from './note-failure.ts';

export interface NewCardNeeds {
  processors: Processors;
  dunning: DunningSettings;
}

/** Makes the job that charges what a payer owes in open dunning cases to a card that was put on file. */
export const chargeNewCardJob = ({ processors, dunning }: NewCardNeeds): Job<{ profile_id: ProfileId }> => ({
  ...newCardJob,
  run: (ctx, { profile_id }) => chargeNewCard({ ...ctx, processors, dunning }, profile_id),
});

/** Enqueues the job for each payer whose card on file changed. */
export function newCardSubscriber(): Subscriber {
  const types = [cardSaved, cardUpdated];
  const payerOf = ({ name, payload }: Delivery) =>
    (name === cardSaved.event_name ? cardSaved : cardUpdated).parse(payload).profile_id;
  return {
    name: 'dunning',
    event_types: types,
    wants: (event) => types.some(({ event_name }) => event_name === event),
    async prepare(ctx, deliveries) {
      const payers = new Map(deliveries.map((delivery) => [delivery.id, payerOf(delivery)]));
      const cases = await findOpenCases(ctx.db, [...new Set(payers.values())]);
      const owing = new Set(cases.map(({ profile_id }) => profile_id));
      return {
        async handle({ id }) {
          const profile_id = payers.get(id);
          if (profile_id === undefined || !owing.has(profile_id)) return;
          await inTransaction(ctx.db, (tx) => enqueue(tx, newCardJob, { profile_id }));
        },
      };
    },
  };
}

/**
 * Charges the card on file for the open cases of a payer that have not tried this card: one attempt outside of their
 * schedule. Safe to run twice.
 */
export async function chargeNewCard(ctx: DunningContext, profile_id: ProfileId): Promise<void> {
  const at = new Date(Math.floor(ctx.clock.now().getTime() / 1000) * 1000);
  for (const open of await findOpenCases(ctx.db, [profile_id])) {
    const { provider_id, unit, frozen_at } = open;
    const place = { profile_id, provider_id, unit };
    if (frozen_at !== null || (await hasTriedCard(ctx.db, place))) continue;
    const isWanted: StillWanted = async (tx, now) =>
      now !== undefined && now.frozen_at === null && !(await hasTriedCard(tx, place));
    const charge = { trigger: 'card', at, isWanted } as const;
    const outcome = await collectDue(ctx, place, charge);
    if (outcome.result === 'busy' && (await endWaitingBalance(ctx, profile_id))) await collectDue(ctx, place, charge);
  }
}

/**
 * Ends a payment of what is due that waits for its payer, because the payer has put another card on file, or because
 * less will be due. One that was confirmed in the meantime is settled. A payment of a cart goes on: the payer orders
 * something else. With `sellers`, only a payment to these alone. True if a payment was ended or settled.
 *
 * @throws processor_unreachable (503)
 */
export async function endWaitingBalance(
  ctx: PaymentContext,
  profile_id: ProfileId,
  sellers: readonly ProfileId[] | null = null,
): Promise<boolean> {
  const attempt = await findWaitingAttempt(ctx.db, profile_id);
  const order = attempt && (await findOrderOfAttempt(ctx.db, attempt.id));
  if (!attempt || !order) return false;
  const lines = await findOrderLines(ctx.db, order.id);
  if (lines.length === 0 || lines.some(({ kind }) => kind !== 'balance')) return false;
  if (sellers !== null && lines.some(({ provider_id }) => !sellers.includes(provider_id))) return false;
  await abandonAwaitingOrder(ctx, attempt, { balancePaid: closePaidCases });
  return true;
}
