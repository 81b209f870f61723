import type { FastifyRequest } from 'fastify';
import { printableName } from '#accounts';
import { canonicalName } from '#kernel/slug';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineFact, type FactReader } from '#platform/facts/facts';
import { tag } from '#platform/facts/tag';
import { type FindPageFacts, type FrameProfile, frame_profiles_max, type PageFacts } from '#platform/pages/page-facts';
import { findFrameProfile, findFrameUser, type FrameRow, type FrameUserRow } from './page-facts-store.ts';
import { profileName } from './records/index.ts';

const userFact = defineFact<FrameUserRow>('frame-user');
const profileFact = defineFact<FrameRow>('frame-profile');

const none: PageFacts = { user: null, profiles: [], personal: null, profile: null, is_member: false, seller: null };

/** Makes the function that finds the facts of the frame of a page: in memory, one statement for each that is not. */
export function makeFindPageFacts(facts: FactReader): FindPageFacts {
  return async (request, profile_slug) => {
    const { ctx } = request;
    const { actor, db, site } = ctx;
    const toFrame = (row: FrameRow) => presentFrame(row, site.broker_id);
    const row = actor.kind === 'user' ? await findUser(facts, db, actor.user_id) : undefined;
    const profile = profile_slug === null ? undefined : await findProfile(facts, db, profile_slug);
    if (row === undefined) return { ...none, profile: profile === undefined ? null : toFrame(profile) };
    const { username, email, picture, lang } = row;
    const [first] = row.profiles;
    const is_member = profile !== undefined && row.profile_ids.includes(profile.id);
    return {
      user: { username, printable_name: printableName(row), picture, email, lang },
      profiles: row.profiles.map(toFrame),
      personal: first?.is_personal === true ? toFrame(first) : null,
      profile: profile === undefined ? null : toFrame(profile),
      is_member,
      seller: profile === undefined || is_member ? null : findSeller(request, row),
    };
  };
}

async function findUser(facts: FactReader, db: Reader, user_id: UserId): Promise<FrameUserRow | undefined> {
  return facts.get(userFact, user_id, async () => {
    const value = await findFrameUser(db, user_id, frame_profiles_max);
    if (value === undefined) return undefined;
    const held = value.profile_ids.map((id) => tag('profile', id));
    return { value, tags: [tag('user', user_id), tag('roles', user_id), ...held] };
  });
}

async function findProfile(facts: FactReader, db: Reader, profile_slug: string): Promise<FrameRow | undefined> {
  const slug = canonicalName(profile_slug);
  return facts.get(profileFact, slug, async () => {
    const value = await findFrameProfile(db, slug);
    return value && { value, tags: [tag('profile', value.id)] };
  });
}

/** Returns the broker or provider whose role admitted the caller to a profile without a role of its own. */
function findSeller({ ctx, subject }: FastifyRequest, { profiles }: FrameUserRow): PageFacts['seller'] {
  if (subject.relation === 'broker') return { slug: ctx.site.slug, printable_name: ctx.site.title };
  if (subject.relation !== 'provider') return null;
  const provider = profiles.find(({ id }) => subject.provider_ids?.includes(id) === true);
  return provider === undefined ? null : { slug: provider.slug, printable_name: profileName(provider) };
}

function presentFrame(row: FrameRow, broker_id: ProfileId): FrameProfile {
  const { slug, picture, is_personal, is_provider, timezone } = row;
  const type = is_personal ? 'personal' : 'organization';
  return {
    slug,
    printable_name: profileName(row),
    picture,
    type,
    is_provider,
    is_broker: row.id === broker_id,
    timezone,
  };
}
