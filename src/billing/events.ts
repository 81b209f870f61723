import type { ClaimId, OrderId, ProfileId, UserId } from '#platform/db/db-schema';

/** A checkout was recorded, paid or free. `processor_key` names the charge, if any. */
export const orderExecuted = (payload: {
  order_id: OrderId;
  profile_id: ProfileId;
  user_id: UserId | null;
  processor_key: string | null;
  lines: { provider_id: ProfileId; description: string; amount: number; unit: string }[];
}) => ({ name: 'order_executed', payload }) as const;

/** A seat was paid for a person without an account, or its code was sent again. `code` claims it, once. */
export const claimCodeGenerated = (payload: {
  claim_id: ClaimId;
  /** The payer. */
  profile_id: ProfileId;
  /** Null when the seat is of several providers. */
  provider_id: ProfileId | null;
  email: string;
  full_name: string;
  code: string;
  /** False for a seat of a free plan. */
  is_paid: boolean;
  /** Titles of the plans. */
  plans: string[];
  originated_by: UserId | null;
}) => ({ name: 'claim_code_generated', payload }) as const;
