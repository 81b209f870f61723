import { defineProblems } from '#kernel/problem';

/** Every refusal of the subscriptions room. Codes are permanent. */
export const subscriptionProblems = defineProblems({
  subscription_unknown: { status: 404, title: 'There is no such running subscription.' },
  subscription_key_unknown: {
    status: 404,
    title: 'This key does not exist, was used already or belongs to a subscription that is over.',
  },
  subscription_overlaps: {
    status: 409,
    title: 'The profile has another subscription to this plan in that time.',
    help: 'Change the end of the other subscription first.',
  },
  subscription_protected: {
    status: 403,
    title: 'Only the subscriber and the provider of the plan change a subscription.',
  },
  subscriber_unknown: {
    status: 404,
    title: 'There is no such profile.',
    help: 'Add force=1 to invite somebody who has no profile yet.',
  },
  plan_not_provided: { status: 404, title: 'The profile has no such plan.' },
});
