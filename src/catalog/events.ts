import type { PlanId, ProfileId, UserId } from '#platform/db/db-schema';

/** What a plan event tells. */
export interface PlanEventPayload {
  plan_id: PlanId;
  profile_id: ProfileId;
  originated_by: UserId | null;
}

/** A provider made a plan. */
export const planCreated = (payload: PlanEventPayload) => ({ name: 'plan_created', payload });
/** Facts of a plan changed. */
export const planUpdated = (payload: PlanEventPayload) => ({ name: 'plan_updated', payload });
