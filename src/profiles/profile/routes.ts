import { Type } from 'typebox';
import { inputProblems } from '#kernel/problem';
import { quotaProblems } from '#platform/security/quota';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { ForceQuery, listQuerystring, PageOf } from '#platform/http/schemas';
import { type Throttle, throttleProblems } from '#platform/security/throttle';
import type { ProfileNeeds } from '../needs.ts';
import { profileProblems } from '../problems.ts';
import {
  getProfileView,
  listManagedProfiles,
  listProfiles,
  presentProfileDetail,
  profileList,
} from '../records/index.ts';
import { countInvitation } from '../roles/index.ts';
import {
  NoContent,
  ProfileCreateBody,
  ProfileDetailSchema,
  ProfileParams,
  ProfileUpdateBody,
  ProfileWithSubscriptionsSchema,
  UserParams,
} from '../schemas.ts';
import { getProfileId, getUserId, parseFlag } from '../subject.ts';
import { archiveProfile } from './archive-profile.ts';
import { createManagedProfile } from './create-managed-profile.ts';
import { makePresentInFull } from './present-in-full.ts';
import { updateProfile } from './update-profile.ts';

/** Registers the API that lists, reads, changes, archives and creates profiles. */
export function profileRoutes(app: App, needs: ProfileNeeds): void {
  registerLists(app);
  oneProfileRoutes(app, needs);
  managedProfileRoutes(app, needs.accounts.throttle);
}

function registerLists(app: App): void {
  app.get(
    '/api/profile',
    {
      config: { access: { kind: 'broker' } },
      schema: {
        tags: ['profile'],
        summary: 'Lists billing profiles',
        description: 'Lists the billing profiles of the site, archived ones excluded.',
        querystring: Type.Object({
          ...listQuerystring(profileList).properties,
          include_inactive: Type.Optional(Type.String({ description: '1 lists archived profiles too' })),
        }),
        response: { 200: PageOf(ProfileDetailSchema) },
      },
    },
    async (request) => {
      const include_inactive = parseFlag(request.query.include_inactive);
      const page = await listProfiles(request.ctx.db, { include_inactive }, request.list(), request.listUrl);
      return { ...page, results: page.results.map(presentProfileDetail) };
    },
  );
}

// long: declares four routes with their schemas
function oneProfileRoutes(app: App, needs: ProfileNeeds): void {
  const provider = { kind: 'provider', frictionless: true } as const;
  const presentInFull = makePresentInFull(needs);
  app.get(
    '/api/profile/:profile',
    {
      config: { access: provider },
      schema: {
        tags: ['profile'],
        summary: 'Retrieves a billing profile',
        description:
          'Returns a billing profile with its contact data, the subscriptions that run and the latest notes of the site about it.',
        params: ProfileParams,
        response: { 200: ProfileWithSubscriptionsSchema },
      },
    },
    async (request) => presentInFull(request.ctx, getProfileId(request.subject), request.subject),
  );

  putAndPatch(
    app,
    '/api/profile/:profile',
    {
      config: {
        access: provider,
        problems: [
          inputProblems.invalid_input,
          profileProblems.profile_protected,
          profileProblems.subscriber_details_protected,
        ],
      },
      schema: {
        tags: ['profile'],
        summary: 'Updates a billing profile',
        description: 'Changes the fields that are sent. A new slug renames a personal profile and its user together.',
        params: ProfileParams,
        body: ProfileUpdateBody,
        response: { 200: ProfileWithSubscriptionsSchema },
      },
    },
    async ({ ctx, subject, body }) => {
      const profile = await updateProfile(ctx, getProfileId(subject), body, subject);
      return { ...(await presentInFull(ctx, profile.id, subject)), detail: 'Profile was updated.' };
    },
  );
  app.delete(
    '/api/profile/:profile',
    {
      // Not for providers: only the profile itself may end its subscriptions and debts.
      config: {
        access: { kind: 'direct', frictionless: true },
        problems: [profileProblems.profile_protected, profileProblems.credit_left, ...needs.archival_problems],
      },
      schema: {
        tags: ['profile'],
        summary: 'Archives a billing profile',
        description:
          'Archives a profile: its subscriptions end, its roles are removed, its slug is released. Ledger entries stay. Credit is lost: that takes force=1.',
        params: ProfileParams,
        querystring: ForceQuery,
        response: { 204: NoContent },
      },
    },
    async (request, reply) => {
      await archiveProfile(request.ctx, getProfileId(request.subject), needs, {
        force: request.query.force === '1',
      });
      return reply.status(204).send(null);
    },
  );
}

function managedProfileRoutes(app: App, throttle: Throttle): void {
  app.get(
    '/api/users/:user/profiles',
    {
      config: { access: { kind: 'self' } },
      schema: {
        tags: ['profile'],
        summary: 'Lists the profiles that a user manages',
        description: 'Lists the profiles of which the user is a manager.',
        params: UserParams,
        querystring: listQuerystring(profileList),
        response: { 200: PageOf(ProfileDetailSchema) },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const page = await listManagedProfiles(ctx.db, getUserId(subject), request.list(), request.listUrl);
      return { ...page, results: page.results.map(presentProfileDetail) };
    },
  );
  app.post(
    '/api/users/:user/profiles',
    {
      config: {
        access: { kind: 'self' },
        problems: [inputProblems.invalid_input, quotaProblems.quota_exceeded, throttleProblems.too_many_requests],
      },
      schema: {
        tags: ['profile'],
        summary: 'Creates a profile that a user manages',
        description:
          'Creates an organization of which the user is the manager, or the personal profile of the user. A personal profile for the address of another person is an invitation that this person accepts.',
        params: UserParams,
        body: ProfileCreateBody,
        response: { 201: ProfileDetailSchema },
      },
    },
    async (request, reply) => {
      const { ctx, subject } = request;
      // Limited: creates a login for an address that the caller chooses, and shows whether it is taken.
      if (request.body.type === 'personal') await countInvitation(ctx, throttle);
      const profile = await createManagedProfile(ctx, getUserId(subject), request.body, subject);
      return reply.status(201).send(presentProfileDetail(await getProfileView(ctx.db, profile.id)));
    },
  );
}
