import type { Static } from 'typebox';
import { presentUserSummary } from '#accounts';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { sellersSeenBy, type Subject } from '#platform/http/guards/access';
import type { NoteMention, ProfileNeeds, SubscriptionMention } from '../needs.ts';
import { maySeeActivities } from '../policy.ts';
import { presentProfileDetail, presentProfileSummary, summarizeProfile, toProfileView } from '../records/index.ts';
import { makeReadInFull } from './profile-in-full-store.ts';
import type { ActivityMentionSchema, ProfileWithSubscriptionsSchema, SubscriptionMentionSchema } from '../schemas.ts';

type ProfileInFull = Static<typeof ProfileWithSubscriptionsSchema>;
type Present = (ctx: Context, profile_id: ProfileId, subject: Subject) => Promise<ProfileInFull>;

/**
 * Makes the function that presents a profile with the subscriptions that run and, for the broker, its notes, in one
 * statement.
 */
export function makePresentInFull(needs: ProfileNeeds): Present {
  const read = makeReadInFull(needs);
  return async (ctx, profile_id, subject) => {
    const values = [ctx.db, profile_id, ctx.clock.now(), sellersSeenBy(subject)] as const;
    const found = await read(maySeeActivities(subject), ...values);
    const [row] = found.views;
    if (!row) throw new Error(`there is no profile ${profile_id}`);
    const account = presentProfileSummary(summarizeProfile(row));
    return {
      ...presentProfileDetail(toProfileView(row)),
      subscriptions: found.subscriptions.map(presentMention),
      activities: found.notes.map((note) => ({ ...presentNote(note), account })),
    };
  };
}

function presentMention(mention: SubscriptionMention): Static<typeof SubscriptionMentionSchema> {
  const { created_at, ends_at, auto_renew, plan_slug, plan_title } = mention;
  return {
    created_at: created_at.toISOString(),
    ends_at: ends_at.toISOString(),
    plan: { slug: plan_slug, title: plan_title },
    auto_renew,
  };
}

function presentNote(note: NoteMention): Omit<Static<typeof ActivityMentionSchema>, 'account'> {
  const { author_username: username, author_nick_name, author_full_name, author_picture: picture } = note;
  const author = { nick_name: author_nick_name ?? '', full_name: author_full_name ?? '', picture };
  return {
    created_at: note.created_at.toISOString(),
    created_by: username === null ? null : presentUserSummary({ username, ...author }),
    text: note.text,
  };
}
