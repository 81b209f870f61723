import type { FastifyRequest } from 'fastify';
import type { Expression } from 'kysely';
import { Type } from 'typebox';
import { findUserByUsername } from '#accounts';
import { inputProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { mergeReads } from '#platform/db/merge-reads';
import type { Subject } from '#platform/http/guards/access';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { type Throttle, throttleProblems } from '#platform/security/throttle';
import { quotaProblems } from '#platform/security/quota';
import { listableRoleStatuses, maySeePendingRoles } from '../policy.ts';
import { profileProblems } from '../problems.ts';
import {
  findRoleTypeInUrl,
  getProfileView,
  isPending,
  listRoles,
  parseRoleStatus,
  type Role,
  roleList,
  selectRoleTypeInUrl,
  type RoleType,
} from '../records/index.ts';
import { RoleTypeParams } from '../role-types/index.ts';
import { changeRoleExtra, countInvitation, grantRole, resendInvitation, revokeRole } from '../roles/index.ts';
import { ForceQuerystring, NoContent, ProfileParams } from '../schemas.ts';
import { getProfileId, parseFlag } from '../subject.ts';
import { type NamedRole, readNamedRole } from './member-role-store.ts';
import { findRoleNames, presentNamedRoles, presentRoleByProfile, type RoleByProfileBody } from './present-member.ts';
import { ExtraBody, RoleByProfileSchema, RoleGrantBody, RolePage, RoleParams } from './schemas.ts';

const RoleListQuerystring = Type.Object({
  ...listQuerystring(roleList).properties,
  role_status: Type.Optional(
    Type.String({ maxLength: 50, description: 'Any of active, invited, requested, separated by commas' }),
  ),
});

// Managers of a provider may read the members; only managers of the profile and of the broker may change them.
const read = { kind: 'provider' } as const;
const write = { kind: 'direct' } as const;
const { too_many_requests } = throttleProblems;
const { role_type_unknown, role_unknown, user_unknown, role_already_held, last_manager } = profileProblems;

/** Registers the API of roles, invitations and requests on a profile. */
export function memberRoutes(app: App, throttle: Throttle): void {
  registerLists(app);
  grantRoute(app, throttle);
  oneRoleRoutes(app, throttle);
}

function registerLists(app: App): void {
  app.get(
    '/api/profile/:profile/roles',
    {
      config: { access: read },
      schema: {
        tags: ['rbac'],
        summary: 'Lists roles on a profile',
        description: 'Lists the users with a role on the profile, with invitations and requests that are open.',
        params: ProfileParams,
        querystring: RoleListQuerystring,
        response: { 200: RolePage },
      },
    },
    async (request) => {
      const { ctx, subject, query } = request;
      const page = await listReadableRoles(request, ctx.db, null, query.role_status);
      return { ...page, results: await present(ctx, subject, page.results) };
    },
  );
  app.get(
    '/api/profile/:profile/roles/:role',
    {
      config: { access: read, problems: [role_type_unknown] },
      schema: {
        tags: ['rbac'],
        summary: 'Lists roles of one type on a profile',
        description:
          'Lists the users with one type of role on the profile, with invitations and requests that are open.',
        params: RoleTypeParams,
        querystring: RoleListQuerystring,
        response: { 200: RolePage },
      },
    },
    async (request) => {
      const { ctx, subject, query, params } = request;
      const profile_id = getProfileId(subject);
      const [type, page] = await mergeReads(ctx.db, [
        (together) => findRoleTypeInUrl(together, profile_id, params.role),
        (together) =>
          listReadableRoles(
            request,
            together,
            selectRoleTypeInUrl(together, profile_id, params.role),
            query.role_status,
          ),
      ]);
      if (!type) throw role_type_unknown();
      return { ...page, results: await present(ctx, subject, page.results) };
    },
  );
}

/** Lists the roles on the profile of the path that the caller may read, of one type or of all. */
async function listReadableRoles(
  request: FastifyRequest,
  reader: Reader,
  role_type_id: Expression<RoleType['id']> | null,
  status: string | undefined,
) {
  const { subject } = request;
  const on = { profile_id: getProfileId(subject), role_type_id, without_pending: !maySeePendingRoles(subject) };
  const seen = parseRoleStatus(status, listableRoleStatuses(subject));
  return listRoles(reader, on, request.list(), request.listUrl, seen);
}

function grantRoute(app: App, throttle: Throttle): void {
  app.post(
    '/api/profile/:profile/roles/:role',
    {
      config: {
        access: write,
        problems: [
          inputProblems.invalid_input,
          role_type_unknown,
          user_unknown,
          role_already_held,
          quotaProblems.quota_exceeded,
          too_many_requests,
        ],
      },
      schema: {
        tags: ['rbac'],
        summary: 'Grants a role or invites a user to a role',
        description:
          'Invites a user, or a person without an account by e-mail address, to accept a role. The role has no effect until the invited user accepts it.',
        params: RoleTypeParams,
        querystring: ForceQuerystring,
        body: RoleGrantBody,
        response: { 200: RoleByProfileSchema, 201: RoleByProfileSchema },
      },
    },
    async ({ ctx, subject, params, query, body }, reply) => {
      await countInvitation(ctx, throttle);
      const { role, is_new } = await grantRole(ctx, getProfileId(subject), params.role, body, {
        force: parseFlag(query.force),
      });
      return reply.status(is_new ? 201 : 200).send(await presentOne(ctx, subject, role));
    },
  );
}

// long: declares five routes with their schemas
function oneRoleRoutes(app: App, throttle: Throttle): void {
  const url = '/api/profile/:profile/roles/:role/:user';
  const problems = [role_type_unknown, user_unknown, role_unknown];
  app.get(
    url,
    {
      config: { access: read, problems },
      schema: {
        tags: ['rbac'],
        summary: 'Retrieves the role of a user',
        description: 'Returns the role of a user on the profile.',
        params: RoleParams,
        response: { 200: RoleByProfileSchema },
      },
    },
    async ({ ctx, subject, params }) => {
      const { type, user, role, profile } = await readNamedRole(ctx.db, getProfileId(subject), params);
      requireReadableRole(subject, { type, user, role });
      if (!type || !user || !role || !profile) throw role_unknown();
      const owner = type.profile_id === null ? undefined : profile;
      return presentRoleByProfile(ctx, { role, user, type, owner, profile_slug: profile.slug }, subject);
    },
  );
  app.post(
    url,
    {
      config: { access: write, problems },
      schema: {
        tags: ['rbac'],
        summary: 'Sends an invitation again',
        description:
          'Sends the invitation of a user again. A valid key is sent again and its validity extended; a lapsed key is replaced.',
        params: RoleParams,
        response: { 200: RoleByProfileSchema },
      },
    },
    async ({ ctx, subject, params }) => {
      const role = await getRole(ctx, subject, params);
      const type = await getTypeInUrl(ctx, getProfileId(subject), params.role);
      await countInvitation(ctx, throttle);
      const sent = await resendInvitation(ctx, role.profile_id, type.id, role.user_id);
      return { ...(await presentOne(ctx, subject, sent)), detail: `An invitation was sent to ${params.user}.` };
    },
  );
  const update = {
    config: { access: write, problems },
    schema: {
      tags: ['rbac'],
      summary: 'Updates the meta data of a role',
      description: 'Changes the meta data that is stored with a role.',
      params: RoleParams,
      body: ExtraBody,
      response: { 200: RoleByProfileSchema },
    },
  };
  const change = async (ctx: Context, subject: Subject, params: { role: string; user: string }, extra: unknown) => {
    const role = await getRole(ctx, subject, params);
    if (extra === undefined) return presentOne(ctx, subject, role);
    return presentOne(ctx, subject, await changeRoleExtra(ctx, role.id, extra));
  };
  putAndPatch(app, url, update, async ({ ctx, subject, params, body }) => change(ctx, subject, params, body.extra));
  app.delete(
    url,
    {
      config: { access: write, problems: [user_unknown, last_manager] },
      schema: {
        tags: ['rbac'],
        summary: 'Removes a role, an invitation or a request',
        description: 'Removes a role, an invitation or a request. The last manager of a profile cannot be removed.',
        params: RoleParams,
        response: { 204: NoContent },
      },
    },
    async ({ ctx, subject, params }, reply) => {
      // The type in the path is ignored: a user has at most one role on a profile.
      const user = await findUserByUsername(ctx.db, params.user);
      if (!user) throw user_unknown();
      await revokeRole(ctx, getProfileId(subject), user.id, subject);
      return reply.status(204).send(null);
    },
  );
}

async function getTypeInUrl(ctx: Context, profile_id: ProfileId, text: string): Promise<RoleType> {
  const type = await findRoleTypeInUrl(ctx.db, profile_id, text);
  if (!type) throw role_type_unknown();
  return type;
}

/** Returns the role of a user of exactly this type. @throws role_type_unknown, user_unknown, role_unknown (404) */
async function getRole(ctx: Context, subject: Subject, params: { role: string; user: string }): Promise<Role> {
  return requireReadableRole(subject, await readNamedRole(ctx.db, getProfileId(subject), params));
}

/** Requires a role of exactly the named type that the caller may read. */
function requireReadableRole(subject: Subject, { type, user, role }: Pick<NamedRole, 'type' | 'user' | 'role'>): Role {
  if (!type) throw role_type_unknown();
  if (!user) throw user_unknown();
  if (role?.role_type_id !== type.id) throw role_unknown();
  if (isPending(role) && !maySeePendingRoles(subject)) throw role_unknown();
  return role;
}

async function present(ctx: Context, subject: Subject, roles: readonly Role[]): Promise<RoleByProfileBody[]> {
  const profile_id = getProfileId(subject);
  const [profile, names] = await mergeReads(ctx.db, [
    (together) => getProfileView(together, profile_id),
    (together) => findRoleNames(together, roles),
  ]);
  return presentNamedRoles(ctx, profile.slug, roles, subject, names);
}

async function presentOne(ctx: Context, subject: Subject, role: Role): Promise<RoleByProfileBody> {
  const [presented] = await present(ctx, subject, [role]);
  if (!presented) throw role_unknown();
  return presented;
}
