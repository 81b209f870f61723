import { defineProblems } from '#kernel/problem';

/** Every problem of this room. Codes are permanent. */
export const subscriptionProblems = defineProblems({
  subscription_unknown: { status: 404, title: 'No running subscription found.' },
  subscription_key_unknown: {
    status: 404,
    title: 'This key does not exist, was used already or belongs to a subscription that has ended.',
  },
  subscription_overlaps: {
    status: 409,
    title: 'The profile has another subscription to this plan in that time.',
    help: 'Change the end of the other subscription first.',
  },
  subscription_protected: {
    status: 403,
    title: 'Only the subscriber and the provider of the plan can change a subscription.',
  },
  subscriber_unknown: {
    status: 404,
    title: 'Profile not found.',
    help: 'Add force=1 to invite a person who has no profile yet.',
  },
  request_decided: {
    status: 409,
    title: 'The provider has accepted this request, or it has ended. Nothing was changed.',
    help: 'Load the subscription again.',
  },
  never_subscribed: { status: 404, title: 'The profile has and had no subscription to a plan of the provider.' },
  note_unknown: { status: 404, title: 'There is no such note.' },
  plan_not_provided: { status: 404, title: 'The profile has no such plan.' },
});
