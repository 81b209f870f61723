import { defineProblems } from '#kernel/problem';

/** Every refusal of the catalog room. Codes are permanent. */
export const catalogProblems = defineProblems({
  plan_unknown: { status: 404, title: 'There is no such plan.' },
  plan_has_subscribers: {
    status: 403,
    title: 'Cannot delete a plan with subscribers',
    help: 'Deactivate the plan instead: nobody new can subscribe to it then.',
  },
  plan_in_use: { status: 409, title: 'Coupons or orders still refer to this plan.', help: 'Deactivate it instead.' },
  use_charge_in_use: { status: 409, title: 'A use charge that was billed or counted cannot be taken away.' },
  provider_required: {
    status: 403,
    title: 'This profile may not sell plans.',
    help: 'Ask who runs the site to make it a provider.',
  },
  broker_fee_protected: { status: 403, title: 'Only the operator of the site sets the fee it takes.' },
  coupon_unknown: { status: 404, title: 'There is no such coupon.' },
});
