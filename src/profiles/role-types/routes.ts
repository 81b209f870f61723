import { inputProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { Subject } from '#platform/http/guards/access';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { quotaProblems } from '#platform/security/quota';
import { profileProblems } from '../problems.ts';
import { listRoleTypes, type RoleType, roleTypeList } from '../records/index.ts';
import { ForceQuerystring, NoContent, ProfileParams } from '../schemas.ts';
import { getProfileId, parseFlag } from '../subject.ts';
import { changeRoleType, describeRoleType, removeRoleType } from './describe-role-type.ts';
import { presentRoleType, presentRoleTypes, type RoleTypeReply } from './present-role-type.ts';
import { findRoleTypeView } from './role-type-view-store.ts';
import { RoleTypeBody, RoleTypePage, RoleTypeParams, RoleTypeSchema } from './schemas.ts';

/** Registers the API of role types. */
// long: declares six routes with their schemas
export function roleTypeRoutes(app: App): void {
  const access = { kind: 'direct' } as const;
  const { role_type_unknown, role_type_global, role_type_protected, role_type_in_use } = profileProblems;
  app.get(
    '/api/profile/:profile/roles/describe',
    {
      config: { access },
      schema: {
        tags: ['rbac'],
        summary: 'Lists role types',
        description: 'Lists the role types that the profile can use: the global types and its own.',
        params: ProfileParams,
        querystring: listQuerystring(roleTypeList),
        response: { 200: RoleTypePage },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const page = await listRoleTypes(ctx.db, getProfileId(subject), request.list(), request.listUrl);
      return { ...page, results: await presentRoleTypes(ctx.db, page.results, subject) };
    },
  );
  app.post(
    '/api/profile/:profile/roles/describe',
    {
      config: { access, problems: [inputProblems.invalid_input, quotaProblems.quota_exceeded] },
      schema: {
        tags: ['rbac'],
        summary: 'Creates a role type',
        description: 'Creates a role type of the profile; its slug is made from the title.',
        params: ProfileParams,
        body: RoleTypeBody,
        response: { 201: RoleTypeSchema },
      },
    },
    async (request, reply) => {
      const { ctx, subject } = request;
      const type = await describeRoleType(ctx, getProfileId(subject), request.body);
      return reply.status(201).send(await presentOne(ctx, type, subject));
    },
  );
  app.get(
    '/api/profile/:profile/roles/describe/:role',
    {
      config: { access, problems: [role_type_unknown] },
      schema: {
        tags: ['rbac'],
        summary: 'Retrieves a role type',
        description: 'Returns a role type of the profile.',
        params: RoleTypeParams,
        response: { 200: RoleTypeSchema },
      },
    },
    async ({ ctx, subject, params }) => {
      const found = await findRoleTypeView(ctx.db, getProfileId(subject), params.role);
      if (!found) throw role_type_unknown();
      return presentRoleType(found.type, found.owner, subject);
    },
  );

  putAndPatch(
    app,
    '/api/profile/:profile/roles/describe/:role',
    {
      config: { access, problems: [inputProblems.invalid_input, role_type_unknown, role_type_global] },
      schema: {
        tags: ['rbac'],
        summary: 'Updates a role type',
        description: 'Changes a role type of the profile. Role types of the site are changed by the broker only.',
        params: RoleTypeParams,
        body: RoleTypeBody,
        response: { 200: RoleTypeSchema },
      },
    },
    async ({ ctx, subject, params, body }) =>
      presentOne(ctx, await changeRoleType(ctx, getProfileId(subject), params.role, body, subject), subject),
  );
  app.delete(
    '/api/profile/:profile/roles/describe/:role',
    {
      config: { access, problems: [role_type_unknown, role_type_global, role_type_protected, role_type_in_use] },
      schema: {
        tags: ['rbac'],
        summary: 'Deletes a role type',
        description: 'Deletes a role type and its roles. A global type that is in use requires `force`.',
        params: RoleTypeParams,
        querystring: ForceQuerystring,
        response: { 204: NoContent },
      },
    },
    async ({ ctx, subject, params, query }, reply) => {
      await removeRoleType(ctx, getProfileId(subject), params.role, subject, { force: parseFlag(query.force) });
      return reply.status(204).send(null);
    },
  );
}

async function presentOne(ctx: Context, type: RoleType, subject: Subject): Promise<RoleTypeReply> {
  const [presented] = await presentRoleTypes(ctx.db, [type], subject);
  if (!presented) throw new Error('a presented type is missing');
  return presented;
}
