import { defineProblems } from '#kernel/problem';

/** Every problem of this room. Codes are permanent. */
export const catalogProblems = defineProblems({
  plan_unknown: { status: 404, title: 'Plan not found.' },
  plan_has_subscribers: {
    status: 403,
    title: 'Cannot delete a plan with subscribers',
    help: 'Deactivate the plan instead: it then accepts no new subscribers.',
  },
  plan_in_use: { status: 409, title: 'Coupons or orders still refer to this plan.', help: 'Deactivate it instead.' },
  use_charge_in_use: { status: 409, title: 'A use charge that was billed or used cannot be removed.' },
  provider_required: {
    status: 403,
    title: 'This profile may not sell plans.',
    help: 'Ask a manager of the site to make it a provider.',
  },
  broker_fee_protected: { status: 403, title: 'Only a manager of the site can set its share of a sale.' },
  coupon_unknown: { status: 404, title: 'Coupon not found.' },
});
