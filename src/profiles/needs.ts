import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccountsSettings } from '#accounts';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Part } from '#platform/db/together';
import type { FindChosenOffer } from '#platform/pages/chosen-offer';
import type { Templates } from '#platform/templates/templates';
import type { ArchivalHooks } from './profile/index.ts';
import type { ProfileView } from './records/index.ts';

/** Dependencies of the room, injected by src/app.ts. */
export interface ProfileNeeds extends ArchivalHooks {
  accounts: AccountsSettings;
  /** Renders the texts of the agreements. */
  templates: Pick<Templates, 'has' | 'renderPage'>;
  /**
   * Selects the subscriptions of a profile that run at an instant; with `sellers` only those to plans of these
   * providers. Part of the statement that reads the profile.
   */
  selectSubscriptions(
    reader: Reader,
    profile_id: ProfileId,
    at: Date,
    sellers: readonly ProfileId[] | null,
  ): Part<SubscriptionMention[]>;
  /** Selects the latest notes of the broker about a profile, newest first. */
  selectNotes(reader: Reader, profile_id: ProfileId): Part<NoteMention[]>;
  /** Shows a profile to a provider of its plans, who may not change it; `readView` reads the profile. */
  showSubscriberFile(
    request: FastifyRequest,
    reply: FastifyReply,
    readView: (reader: Reader) => Promise<ProfileView>,
  ): Promise<FastifyReply>;
  /** Days after which an invitation that waits is sent again. */
  invitation_reminder_days: readonly number[];
  /** Finds what a visitor chose to buy before registering. */
  findChosenOffer: FindChosenOffer;
}

export interface SubscriptionMention {
  created_at: Date;
  ends_at: Date;
  auto_renew: boolean;
  plan_slug: string;
  plan_title: string;
}

/** The author is null after the user was deleted. */
export interface NoteMention {
  created_at: Date;
  text: string;
  author_username: string | null;
  author_nick_name: string | null;
  author_full_name: string | null;
  author_picture: string | null;
}
