import type { Static } from 'typebox';
import type { AccountsSettings } from '#accounts';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Templates } from '#platform/templates/templates';
import type { OnProfileArchived } from './profile/index.ts';
import type { ActivityMentionSchema, SubscriptionMentionSchema } from './schemas.ts';

/** What this room asks of others; src/app.ts brings the answers. */
export interface ProfileNeeds {
  accounts: AccountsSettings;
  /** Holds the texts of the agreements. */
  templates: Pick<Templates, 'has' | 'renderPage'>;
  /** Lists the subscriptions of a profile that run at an instant; with `sellers` those to plans of these providers. */
  listSubscriptions(
    reader: Reader,
    profile_id: ProfileId,
    at: Date,
    sellers: readonly ProfileId[] | null,
  ): Promise<Static<typeof SubscriptionMentionSchema>[]>;
  /** Lists the operator's notes about a profile, newest first. */
  findProfileNotes(reader: Reader, profile_id: ProfileId): Promise<Static<typeof ActivityMentionSchema>[]>;
  onProfileArchived: OnProfileArchived;
}
