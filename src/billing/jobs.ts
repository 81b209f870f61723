import type { Processors } from '#payments';
import { defineJob } from '#platform/jobs/jobs';
import { changeJobs, finishChange } from './changes/index.ts';
import { finishPaymentJob } from './confirmations/index.ts';
import { finishOrders } from './orders/index.ts';
import { chargeNewCardJob, closePaidCases } from './dunning/index.ts';
import { chargeAgainJob } from './postponed-charges/index.ts';
import { endNoticesJob, type RenewalNeeds, renewSubscriptionsJob } from './renewals/index.ts';
import { forgetPaymentUploadsJob } from './balances/index.ts';
import { remindOfSeats } from './claims/index.ts';
import { remindOfLinks } from './payment-links/index.ts';
import { forgetVisitorCartsJob } from './cart/index.ts';
import { finishCancellationsJob } from './cancellations/index.ts';
import { runPausesJob } from './pauses/index.ts';
import { returnRequestsJob } from './requests/index.ts';
import { recogniseIncomeJob } from './recognition/index.ts';
import { convertTrialsJob } from './trials/index.ts';
import { forgetSeatUploadsJob } from './cart-seats/index.ts';

/** Finishes orders that a crash or a lost response left open. A checkout enqueues no job. */
const finishOrdersJob = (processors: Processors) => {
  const places = { reserved: { after: null }, given_up: { after: null } };
  return defineJob({
    name: 'finish_orders',
    schedule: '* * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: async (ctx) => {
      await finishOrders({ ...ctx, processors }, places, { findFinish: finishChange, balancePaid: closePaidCases });
    },
  });
};

/** Makes the job that sends the codes of seats again that no one has claimed. */
const remindOfSeatsJob = (days: readonly number[]) =>
  defineJob({
    name: 'remind_of_seats',
    schedule: '10 10 * * *',
    catch_up: 'last',
    run: async (ctx, _payload, at) => {
      await remindOfSeats(ctx, days, at);
    },
  });

/** Makes the job that reminds payers of mailed payment links that are not paid. */
const remindOfLinksJob = (processors: Processors, days: readonly number[]) =>
  defineJob({
    name: 'remind_of_links',
    schedule: '20 9 * * *',
    catch_up: 'last',
    run: async (ctx, _payload, at) => {
      await remindOfLinks({ ...ctx, processors }, days, at);
    },
  });

/** Days after which what waits is reminded of. */
export interface ReminderDays {
  invitation_reminder_days: readonly number[];
  payment_reminder_days: readonly number[];
}

export const billingJobs = ({
  processors,
  renewals,
  invitation_reminder_days,
  payment_reminder_days,
}: RenewalNeeds & ReminderDays) => [
  remindOfSeatsJob(invitation_reminder_days),
  remindOfLinksJob(processors, payment_reminder_days),
  renewSubscriptionsJob({ processors, renewals }),
  endNoticesJob({ processors, renewals }),
  chargeNewCardJob({ processors, dunning: renewals }),
  chargeAgainJob({ processors, dunning: renewals }),
  finishOrdersJob(processors),
  finishPaymentJob(processors),
  runPausesJob,
  convertTrialsJob({ processors, renewals }),
  ...changeJobs(processors),
  finishCancellationsJob(processors),
  ...recogniseIncomeJob(),
  returnRequestsJob(processors),
  forgetVisitorCartsJob,
  forgetSeatUploadsJob,
  forgetPaymentUploadsJob,
];
