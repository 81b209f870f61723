import type { Static } from 'typebox';
import type { AccountsSettings } from '#accounts';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Templates } from '#platform/templates/templates';
import type { OnProfileArchived } from './profile/index.ts';
import type { ActivityMentionSchema, SubscriptionMentionSchema } from './schemas.ts';

/** Dependencies of the room, injected by src/app.ts. */
export interface ProfileNeeds {
  accounts: AccountsSettings;
  /** Renders the texts of the agreements. */
  templates: Pick<Templates, 'has' | 'renderPage'>;
  /**
   * Finds the subscriptions of a profile that run at an instant; with `sellers` only those to plans of these providers.
   */
  findSubscriptions(
    reader: Reader,
    profile_id: ProfileId,
    at: Date,
    sellers: readonly ProfileId[] | null,
  ): Promise<Static<typeof SubscriptionMentionSchema>[]>;
  /** Finds the notes of the broker about a profile, newest first. */
  findProfileNotes(reader: Reader, profile_id: ProfileId): Promise<Static<typeof ActivityMentionSchema>[]>;
  onProfileArchived: OnProfileArchived;
}
