import { Type } from 'typebox';
import type { PlanId, ProfileId, UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';

const facts = {
  plan_id: idOf<PlanId>(),
  /** The provider. */
  profile_id: idOf<ProfileId>(),
  originated_by: nullableIdOf<UserId>(),
};

export const planCreated = defineEvent('plan_created', Type.Object(facts, { description: 'A plan was created.' }));

export const planUpdated = defineEvent('plan_updated', Type.Object(facts, { description: 'A plan was changed.' }));

/** Every event of this room. */
export const catalogEvents = [planCreated, planUpdated];
