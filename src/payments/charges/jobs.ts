import type { ChargeAttemptId, ChargeId } from '#platform/db/db-schema';
import { defineJob, type Job } from '#platform/jobs/jobs';
import type { WalkPlace } from '#platform/jobs/walk-rows';
import type { Processors } from '../processors/index.ts';
import {
  bookCharge,
  bookOpenCharge,
  type ChargeToBook,
  settleDisputes,
  settlePendingCharges,
} from './settle-pending-charges.ts';

/** A payment of a refused attempt that is open at the processor. */
export interface OpenPayment {
  charge_attempt_id: ChargeAttemptId;
  intent_key: string;
}

/** Names the job for `enqueue`, which needs no processors. The runner gets `cancelPaymentJob`. */
export const cancelPayment = defineJob<OpenPayment>({
  name: 'cancel_payment',
  catch_up: 'each',
  run: () => Promise.reject(new Error('cancel_payment runs with the processors of the site')),
});

/** Names the job for `enqueue`: the room that makes orders runs it. */
export const finishPayment = defineJob<{ charge_attempt_id: ChargeAttemptId }>({
  name: 'finish_payment',
  catch_up: 'each',
  run: () => Promise.reject(new Error('finish_payment runs in the room that makes orders')),
});

/** Makes the job that asks what a payment brought that took money. */
export const bookChargeJob = (processors: Processors): Job<ChargeToBook> => ({
  ...bookCharge,
  run: (ctx, payload) => bookOpenCharge({ ...ctx, processors }, payload),
});

/** Makes the job that settles charges for which neither a response nor a webhook brought the outcome. */
export const settlePendingChargesJob = (processors: Processors) => {
  const place: WalkPlace<ChargeId> = { after: null };
  return defineJob({
    name: 'settle_pending_charges',
    schedule: '*/5 * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => settlePendingCharges({ ...ctx, processors }, place),
  });
};

/** Makes the job that books the end of disputes for which no webhook brought it. */
export const settleDisputesJob = (processors: Processors) => {
  const place: WalkPlace<ChargeId> = { after: null };
  return defineJob({
    name: 'settle_disputes',
    schedule: '40 * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => settleDisputes({ ...ctx, processors }, place),
  });
};
