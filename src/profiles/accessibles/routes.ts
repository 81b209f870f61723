import { Type } from 'typebox';
import { inputProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { Subject } from '#platform/http/guards/access';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { type Throttle, throttleProblems } from '#platform/security/throttle';
import { quotaProblems } from '#platform/security/quota';
import { profileProblems } from '../problems.ts';
import {
  accessibleList,
  findProfileBySlug,
  findRole,
  listAccessibles,
  parseRoleStatus,
  type Role,
} from '../records/index.ts';
import {
  acceptRole,
  countInvitation,
  requestRole,
  resendRequest,
  revokeRole,
  type RoleRequestInput,
} from '../roles/index.ts';
import { ForceQuerystring, NoContent, UserParams } from '../schemas.ts';
import { getUserId } from '../subject.ts';
import { findAccessible } from './accessible-store.ts';
import { type AccessibleBody, presentAccessible, presentAccessibles } from './present-accessible.ts';
import {
  AcceptParams,
  AccessiblePage,
  AccessibleParams,
  AccessibleSchema,
  AccessibleTypeParams,
  RoleRequestBody,
} from './schemas.ts';

const Querystring = Type.Object({
  ...listQuerystring(accessibleList).properties,
  role_status: Type.Optional(
    Type.String({ maxLength: 50, description: 'Any of active, invited, requested, separated by commas' }),
  ),
});

const access = { kind: 'self' } as const;
const { profile_unknown, role_type_unknown, role_unknown, role_already_held, role_already_offered } = profileProblems;
const { role_key_unknown, role_acceptance_personal, email_unverified, last_manager } = profileProblems;

/** Registers the API of the roles, invitations and requests of a user. */
export function accessibleRoutes(app: App, throttle: Throttle): void {
  registerLists(app);
  requestRoutes(app, throttle);
  acceptRoute(app);
  oneAccessibleRoutes(app);
}

function registerLists(app: App): void {
  const config = { access };
  app.get(
    '/api/users/:user/accessibles',
    {
      config,
      schema: {
        tags: ['rbac'],
        summary: 'Lists the profiles on which a user has a role',
        description: 'Lists the profiles on which the user has a role, with invitations and requests that are open.',
        params: UserParams,
        querystring: Querystring,
        response: { 200: AccessiblePage },
      },
    },
    async (request) => {
      const { ctx, subject, query } = request;
      const of = { user_id: getUserId(subject), role_slug: null };
      const page = await listAccessibles(
        ctx.db,
        of,
        request.list(),
        request.listUrl,
        parseRoleStatus(query.role_status),
      );
      return { ...page, results: await present(ctx, subject, page.results) };
    },
  );
  app.get(
    '/api/users/:user/accessibles/:role',
    {
      config,
      schema: {
        tags: ['rbac'],
        summary: 'Lists the profiles on which a user has one type of role',
        description: 'Lists the profiles on which the user has one type of role.',
        params: AccessibleTypeParams,
        querystring: Querystring,
        response: { 200: AccessiblePage },
      },
    },
    async (request) => {
      const { ctx, subject, query, params } = request;
      const of = { user_id: getUserId(subject), role_slug: params.role };
      const page = await listAccessibles(
        ctx.db,
        of,
        request.list(),
        request.listUrl,
        parseRoleStatus(query.role_status),
      );
      return { ...page, results: await present(ctx, subject, page.results) };
    },
  );
}

// long: declares two routes that share their options
function requestRoutes(app: App, throttle: Throttle): void {
  const options = {
    config: {
      access,
      problems: [
        inputProblems.invalid_input,
        profile_unknown,
        role_type_unknown,
        role_already_held,
        role_already_offered,
        role_acceptance_personal,
        email_unverified,
        quotaProblems.quota_exceeded,
        throttleProblems.too_many_requests,
      ],
    },
    schema: {
      tags: ['rbac'],
      querystring: ForceQuerystring,
      body: RoleRequestBody,
      response: { 200: AccessibleSchema, 201: AccessibleSchema },
    },
  };
  const ask = async (ctx: Context, subject: Subject, role: string | null, body: RoleRequestInput) => {
    await countInvitation(ctx, throttle);
    const result = await requestRole(ctx, getUserId(subject), role, body);
    return {
      status: result.is_new ? (201 as const) : (200 as const),
      body: await presentOne(ctx, subject, result.role),
    };
  };
  app.post(
    '/api/users/:user/accessibles',
    {
      ...options,
      schema: {
        ...options.schema,
        summary: 'Requests a role on a profile',
        description: 'Requests a role on a profile. Its managers are notified by e-mail.',
        params: UserParams,
      },
    },
    async ({ ctx, subject, body }, reply) => {
      const response = await ask(ctx, subject, null, body);
      return reply.status(response.status).send(response.body);
    },
  );
  app.post(
    '/api/users/:user/accessibles/:role',
    {
      ...options,
      schema: {
        ...options.schema,
        summary: 'Requests one type of role on a profile',
        description: 'Requests one type of role on a profile. Its managers are notified by e-mail.',
        params: AccessibleTypeParams,
      },
    },
    async ({ ctx, subject, body, params }, reply) => {
      const response = await ask(ctx, subject, params.role, body);
      return reply.status(response.status).send(response.body);
    },
  );
}

function acceptRoute(app: App): void {
  putAndPatch(
    app,
    '/api/users/:user/accessibles/accept/:verification_key',
    {
      config: { access, problems: [role_key_unknown, role_acceptance_personal, email_unverified] },
      schema: {
        tags: ['rbac'],
        summary: 'Accepts an invitation',
        description:
          'Accepts an invitation. The caller must be the invited user and must have verified the invited address. The key works once.',
        params: AcceptParams,
        response: { 200: AccessibleSchema },
      },
    },
    async ({ ctx, subject, params }) =>
      presentOne(ctx, subject, await acceptRole(ctx, getUserId(subject), params.verification_key)),
  );
}

function oneAccessibleRoutes(app: App): void {
  const url = '/api/users/:user/accessibles/:role/:profile';
  app.get(
    url,
    {
      config: { access, problems: [role_unknown] },
      schema: {
        tags: ['rbac'],
        summary: 'Retrieves the role of a user on a profile',
        description: 'Returns the role of the user on a profile.',
        params: AccessibleParams,
        response: { 200: AccessibleSchema },
      },
    },
    async ({ ctx, subject, params }) => {
      const found = await findAccessible(ctx.db, getUserId(subject), params.profile);
      if (!found) throw role_unknown();
      return presentAccessible(ctx, found, subject);
    },
  );
  app.post(
    url,
    {
      config: { access, problems: [role_unknown] },
      schema: {
        tags: ['rbac'],
        summary: 'Reminds a profile of a request',
        description: 'Notifies the managers of the profile of an open request once more.',
        params: AccessibleParams,
        response: { 200: AccessibleSchema },
      },
    },
    async ({ ctx, subject, params }) => {
      const role = await getRole(ctx, subject, params.profile);
      return presentOne(ctx, subject, await resendRequest(ctx, role.profile_id, role.user_id));
    },
  );
  app.delete(
    url,
    {
      config: { access, problems: [role_unknown, last_manager] },
      schema: {
        tags: ['rbac'],
        summary: 'Leaves a profile, declines an invitation or withdraws a request',
        description:
          'Leaves a profile, declines an invitation or withdraws a request. The last manager of a profile cannot leave.',
        params: AccessibleParams,
        response: { 204: NoContent },
      },
    },
    async ({ ctx, subject, params }, reply) => {
      const role = await getRole(ctx, subject, params.profile);
      await revokeRole(ctx, role.profile_id, role.user_id, subject);
      return reply.status(204).send(null);
    },
  );
}

/** Returns the role of the user. Ignores the type in the path: a user has at most one role on a profile. */
async function getRole(ctx: Context, subject: Subject, profile_slug: string): Promise<Role> {
  const profile = await findProfileBySlug(ctx.db, profile_slug);
  const role = profile && (await findRole(ctx.db, profile.id, getUserId(subject)));
  if (!role) throw role_unknown();
  return role;
}

async function present(ctx: Context, subject: Subject, roles: readonly Role[]): Promise<AccessibleBody[]> {
  return presentAccessibles(ctx, getUserId(subject), roles, subject);
}

async function presentOne(ctx: Context, subject: Subject, role: Role): Promise<AccessibleBody> {
  const [presented] = await present(ctx, subject, [role]);
  if (!presented) throw role_unknown();
  return presented;
}
