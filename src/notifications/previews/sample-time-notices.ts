import type { PlanId, SubscriptionId } from '#platform/db/db-schema';
import { composeRequestExpired } from '../compose-subscription-notice.ts';
import {
  composePaused,
  composeResumed,
  composeResumesSoon,
  composeTrialEnded,
  composeTrialEndsSoon,
} from '../compose-renewal-notice.ts';
import type { Notice } from '../notice.ts';
import type { Parties } from '../parties.ts';
import { ids } from './sample-parties.ts';

const plan = { slug: 'open-space', title: 'Open Space' };
const held = {
  profile_id: ids.customer,
  provider_id: ids.provider,
  subscription_id: 1 as SubscriptionId, // a sample, like the plan
  ends_at: '2026-03-20T10:00:00.000Z',
};
const pause = {
  ...held,
  plan: { ...plan, id: 1 as PlanId }, // as above
  originated_by: null,
  resumes_at: '2026-03-10T10:00:00.000Z',
};
const trial = { ...held, plan, plan_id: 1 as PlanId }; // as above

/** The notices of sample trials and pauses, like `sample_notices`. */
export const time_notices: Readonly<Record<string, (found: Parties) => Notice | null>> = {
  subscription_paused: (found) => composePaused(found, pause),
  subscription_resumes_soon: (found) => composeResumesSoon(found, pause),
  subscription_resumed: (found) => composeResumed(found, pause),
  trial_ends_soon: (found) => composeTrialEndsSoon(found, { ...trial, amount: 5900, unit: 'usd', has_card: true }),
  subscription_request_expired: (found) =>
    composeRequestExpired(found, {
      ...trial,
      originated_by: null,
      refunded: [{ amount: 5900, unit: 'usd' }],
      credited: [],
      due: [],
    }),
  trial_ended: (found) => composeTrialEnded(found, trial),
};
