import type { ContactId, UserId } from '#platform/db/db-schema';

/** A person on record at the broker, with or without a login. */
export interface Contact {
  id: ContactId;
  slug: string;
  user_id: UserId | null;
  email: string | null;
  /** E.164 if it was set by the API. */
  phone: string | null;
  full_name: string;
  nick_name: string;
  lang: string;
  picture: string | null;
  extra: string | null;
  created_at: Date;
}
