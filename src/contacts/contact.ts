import type { ContactId, UserId } from '#platform/db/db-schema';

/** Contact of the broker: a person with or without a login. */
export interface Contact {
  id: ContactId;
  slug: string;
  user_id: UserId | null;
  email: string | null;
  /** E.164 if the API set it. */
  phone: string | null;
  full_name: string;
  nick_name: string;
  lang: string;
  picture: string | null;
  extra: string | null;
  created_at: Date;
}
