import { Type } from 'typebox';
import { UserSummarySchema } from '#accounts';
import { inputProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { App } from '#platform/http/app';
import { listQuerystring } from '#platform/http/schemas';
import { type Throttle, throttleProblems } from '#platform/security/throttle';
import { actorId } from '#platform/actor-id';
import { profileProblems } from '../problems.ts';
import { addShadowProfile } from '../profile/index.ts';
import { typeAheadLimit } from '../rate-limits.ts';
import {
  findActiveSummary,
  getProfileView,
  isSeller,
  presentProfileDetail,
  presentProfileSummary,
} from '../records/index.ts';
import { countInvitation } from '../roles/index.ts';
import { ProfileCreateBody, ProfileDetailSchema, ProfileParams, ProfileSummarySchema } from '../schemas.ts';
import {
  accountSearch,
  profileSearch,
  type Searcher,
  suggestAccounts,
  suggestProfiles,
  suggestUsers,
  userSearch,
} from './type-ahead-store.ts';

/** Query parameters of a search: those of a list without its pages. */
function searchQuerystring(fields: Parameters<typeof listQuerystring>[0]) {
  const { page: _page, page_size: _page_size, ...parameters } = listQuerystring(fields).properties;
  return Type.Object(parameters);
}

const ProfileCandidates = Type.Object({ count: Type.Integer(), results: Type.Array(ProfileSummarySchema) });
const UserCandidates = Type.Object({ count: Type.Integer(), results: Type.Array(UserSummarySchema) });

/** Registers the API of type-ahead fields for profiles and users. */
export function searchRoutes(app: App, throttle: Throttle): void {
  const authenticated = { access: { kind: 'authenticated' } } as const;
  const searcher = async (ctx: Context): Promise<Searcher> => {
    const user_id = actorId(ctx);
    if (user_id === null) return { is_seller: false };
    await throttle.take(typeAheadLimit, String(user_id));
    return { is_seller: await isSeller(ctx.db, user_id, ctx.site.broker_id) };
  };
  app.get(
    '/api/accounts',
    {
      config: authenticated,
      schema: {
        tags: ['profile'],
        summary: 'Finds profiles and users',
        description:
          'Finds up to five profiles and users for an input field with completion. Returns no result if more than five match.',
        querystring: searchQuerystring(accountSearch),
        response: { 200: ProfileCandidates },
      },
    },
    async (request) => suggestAccounts(request.ctx.db, request.list(), await searcher(request.ctx)),
  );
  app.get(
    '/api/accounts/profiles',
    {
      config: authenticated,
      schema: {
        tags: ['profile'],
        summary: 'Finds profiles',
        description:
          'Finds up to five profiles for an input field with completion. Returns no result if more than five match.',
        querystring: searchQuerystring(profileSearch),
        response: { 200: ProfileCandidates },
      },
    },
    async (request) => suggestProfiles(request.ctx.db, request.list(), await searcher(request.ctx)),
  );
  app.get(
    '/api/accounts/users',
    {
      config: authenticated,
      schema: {
        tags: ['profile'],
        summary: 'Finds users',
        description:
          'Finds up to five users for an input field with completion. Returns no result if more than five match.',
        querystring: searchQuerystring(userSearch),
        response: { 200: UserCandidates },
      },
    },
    async (request) => suggestUsers(request.ctx.db, request.list(), await searcher(request.ctx)),
  );
  profileCandidateRoutes(app, throttle);
}

function profileCandidateRoutes(app: App, throttle: Throttle): void {
  app.get(
    '/api/accounts/profiles/:profile',
    {
      config: { access: { kind: 'authenticated' }, problems: [profileProblems.profile_unknown] },
      schema: {
        tags: ['profile'],
        summary: 'Retrieves the public summary of a profile',
        description: 'Returns the public summary of a profile: its slug, name, picture and type.',
        params: ProfileParams,
        response: { 200: ProfileSummarySchema },
      },
    },
    async (request) => {
      const summary = await findActiveSummary(request.ctx.db, request.params.profile);
      if (!summary) throw profileProblems.profile_unknown();
      return presentProfileSummary(summary);
    },
  );
  app.post(
    '/api/accounts/profiles',
    {
      config: {
        access: { kind: 'authenticated' },
        problems: [
          inputProblems.invalid_input,
          profileProblems.shadow_profiles_limited,
          throttleProblems.too_many_requests,
        ],
      },
      schema: {
        tags: ['profile'],
        summary: 'Creates a profile without a manager',
        description: 'Creates a profile that no user manages yet, for a customer who has no account.',
        body: ProfileCreateBody,
        response: { 201: ProfileDetailSchema },
      },
    },
    async (request, reply) => {
      // Limited: the caller chooses the names and addresses of the rows, and the response shows whether an address is
      // taken.
      await countInvitation(request.ctx, throttle);
      const profile = await addShadowProfile(request.ctx, request.body);
      return reply.status(201).send(presentProfileDetail(await getProfileView(request.ctx.db, profile.id)));
    },
  );
}
