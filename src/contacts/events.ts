import type { ProfileId, UserId } from '#platform/db/db-schema';

/** Somebody wrote to the operator. `user_id` is set only when the sender was signed in: an address proves nothing. */
export const userContact = (payload: {
  user_id: UserId | null;
  full_name: string;
  email: string;
  message: string;
  provider_id: ProfileId;
}) => ({ name: 'user_contact', payload });
