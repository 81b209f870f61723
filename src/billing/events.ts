import type { OrderId, ProfileId, UserId } from '#platform/db-schema';

/** A checkout was recorded, paid or free. `processor_key` names the charge, if any. */
export const orderExecuted = (payload: {
  order_id: OrderId;
  profile_id: ProfileId;
  user_id: UserId | null;
  processor_key: string | null;
  lines: { provider_id: ProfileId; description: string; amount: number; unit: string }[];
}) => ({ name: 'order_executed', payload }) as const;
