import type { ProfileId } from '#platform/db/db-schema';

/** Profiles between which a charge and its refunds are booked. */
export interface Parties {
  customer_id: ProfileId;
  processor_id: ProfileId;
  broker_id: ProfileId;
}
