import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findUserById } from '#accounts';
import { invalidInput } from '#kernel/problem';
import type { ListQuery } from '#kernel/page';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { readPages } from '#platform/lists/read-batches';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { sendCsv } from '#platform/pages/lists/send-csv';
import type { Throttle } from '#platform/security/throttle';
import { actorId } from '#platform/actor-id';
import { profileProblems } from '../problems.ts';
import { createManagedProfile } from '../profile/index.ts';
import {
  findProfileBySlug,
  findProfilesByIds,
  findRole,
  findRoleByGrantKey,
  findRoleTypesByIds,
  listAccessibles,
  parseRoleStatus,
  profileName,
  refuseAcceptance,
  type Role,
} from '../records/index.ts';
import { acceptRole, countInvitation, emailUnverifiedProblem, requestRole, revokeRole } from '../roles/index.ts';
import { UserParams } from '../schemas.ts';
import { getUserId } from '../subject.ts';
import { acceptRolePage, accessiblesPage } from './page-types.ts';
import { type AccessibleBody, presentAccessibles } from './present-accessible.ts';

/** Registers the page of the roles of a user and the page that an invitation links to. */
export function accessiblePages(app: App, throttle: Throttle): void {
  ownRolesPages(app, throttle);
  acceptPages(app);
}

function ownRolesPages(app: App, throttle: Throttle): void {
  const options = {
    config: { access: { kind: 'self' }, page: true },
    schema: { params: UserParams, hide: true },
  } as const;
  app.get('/users/:user/roles/', options, async (request, reply) => showRoles(request, reply, request.params.user));
  app.get('/users/:user/roles/download/', options, async (request, reply) => {
    const { ctx, subject, listUrl } = request;
    const user_id = getUserId(subject);
    const read = async (list: ListQuery) => {
      const page = await listAccessibles(ctx.db, ownRoles(user_id), list, listUrl, parseRoleStatus(undefined));
      return { ...page, results: await presentAccessibles(ctx, user_id, page.results, subject) };
    };
    return sendCsv(reply, { name: 'profiles', columns, timezone: 'UTC', batches: readPages(request.list(), read) });
  });
  app.post('/users/:user/roles/', options, async (request, reply) => {
    try {
      const done = await runAction(request, throttle);
      reply.flash('success', done);
    } catch (error) {
      return showRoles(request, reply, request.params.user, problemToForm(error));
    }
    return reply.redirect(targetOf(request, paths.userRoles(request.params.user)), 303);
  });
  const own = { config: { access: { kind: 'authenticated' }, page: true }, schema: { hide: true } } as const;
  for (const url of ['/users/roles/', '/users/roles/accept/']) {
    app.get(url, own, async ({ ctx }, reply) =>
      reply.redirect(paths.userRoles(ctx.actor.kind === 'user' ? ctx.actor.username : ''), 302),
    );
  }
}

/** Runs the action of the submitted button. Returns the text that confirms it. */
async function runAction(request: FastifyRequest, throttle: Throttle): Promise<string> {
  const { ctx, subject, body } = request;
  const user_id = getUserId(subject);
  const handle = textField(body, 'profile', 254);
  switch (textField(body, 'action', 20)) {
    case 'create': {
      const full_name = textField(body, 'full_name', 100);
      if (full_name === '') throw invalidInput({ full_name: ['This field is required.'] });
      const profile = await createManagedProfile(ctx, user_id, { full_name, type: 'organization' }, subject);
      return `${profileName(profile)} was created.`;
    }
    case 'request': {
      if (handle === '') throw invalidInput({ profile: ['This field is required.'] });
      await countInvitation(ctx, throttle);
      await requestRole(ctx, user_id, null, handle.includes('@') ? { email: handle } : { slug: handle });
      return 'Your request was sent to the managers of the profile.';
    }
    case 'accept': {
      const role = await roleOn(ctx, handle, request);
      if (role.grant_key === null) throw profileProblems.role_key_unknown();
      await acceptRole(ctx, user_id, role.grant_key);
      return 'The invitation was accepted.';
    }
    case 'leave': {
      const role = await roleOn(ctx, handle, request);
      await revokeRole(ctx, role.profile_id, user_id, subject);
      return 'The role was removed.';
    }
    default:
      throw invalidInput({ action: ['Not a valid choice.'] });
  }
}

async function roleOn(ctx: Context, slug: string, { subject }: FastifyRequest): Promise<Role> {
  const profile = await findProfileBySlug(ctx.db, slug);
  const role = profile && (await findRole(ctx.db, profile.id, getUserId(subject)));
  if (!role) throw profileProblems.role_unknown();
  return role;
}

const ownRoles = (user_id: UserId) => ({ user_id, role_slug: null });

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<AccessibleBody>[] = [
  { heading: 'Since', kind: 'day', value: ({ created_at }) => new Date(created_at) },
  { heading: 'Profile', kind: 'text', value: ({ profile }) => profile.printable_name },
  { heading: 'Role', kind: 'text', value: ({ role_description }) => role_description?.title ?? '' },
  {
    heading: 'State',
    kind: 'text',
    value: ({ accept_grant_api_url, request_key }) =>
      accept_grant_api_url !== null ? 'Invited' : request_key !== null ? 'Asked to join' : 'Active',
  },
];

async function showRoles(
  request: FastifyRequest,
  reply: FastifyReply,
  username: string,
  problem: FormProblem | null = null,
): Promise<FastifyReply> {
  const { ctx, subject, body } = request;
  const of = ownRoles(getUserId(subject));
  const page = await listAccessibles(ctx.db, of, request.list(), request.listUrl, parseRoleStatus(undefined));
  const presented = await presentAccessibles(ctx, getUserId(subject), page.results, subject);
  return reply.page(
    accessiblesPage,
    {
      // `grant_key` becomes a boolean: the page shows an invitation without its key.
      accessibles: {
        ...page,
        results: presented.map((row) => ({ ...row, grant_key: row.accept_grant_api_url !== null })),
      },
      csv_url: paths.userRolesDownload(username),
      may_edit: subject.is_manager,
      form: { profile: textField(body, 'profile', 254), full_name: textField(body, 'full_name', 100) },
      errors: problem?.errors ?? {},
      detail: problem?.detail ?? '',
      resolve_url: problem?.location ?? null,
    },
    problem?.status ?? 200,
  );
}

/** GET changes nothing, because mail scanners open links; the invited user accepts by POST. */
function acceptPages(app: App): void {
  const options = {
    config: {
      access: { kind: 'active' },
      page: true,
      problems: [profileProblems.role_key_unknown, profileProblems.email_unverified],
    },
    schema: { params: Type.Object({ key: Type.String({ maxLength: 100 }) }), hide: true },
  } as const;
  app.get('/users/roles/accept/:key/', options, async ({ ctx, params }, reply) =>
    showInvitation(ctx, reply, params.key, null),
  );
  app.post('/users/roles/accept/:key/', options, async (request, reply) => {
    const { ctx, params } = request;
    const user_id = actorId(ctx);
    if (user_id === null) throw new Error('the guard of this page admits users only');
    let role: Role;
    try {
      role = await acceptRole(ctx, user_id, params.key);
    } catch (error) {
      return showInvitation(ctx, reply, params.key, problemToForm(error));
    }
    const profile = (await findProfilesByIds(ctx.db, [role.profile_id])).get(role.profile_id);
    reply.flash('success', profile ? `You belong to ${profileName(profile)} now.` : 'The invitation was accepted.');
    return reply.redirect(targetOf(request, profile ? paths.app(profile.slug) : paths.app()), 303);
  });
}

async function showInvitation(
  ctx: Context,
  reply: FastifyReply,
  key: string,
  problem: FormProblem | null,
): Promise<FastifyReply> {
  const user_id = actorId(ctx);
  const user = user_id === null ? undefined : await findUserById(ctx.db, user_id);
  const role = await findRoleByGrantKey(ctx.db, key);
  const refusal = !role || !user ? 'role_key_unknown' : refuseAcceptance(role, user, ctx.clock.now());
  if (!role || refusal === 'role_key_unknown') throw profileProblems.role_key_unknown();
  const profile = (await findProfilesByIds(ctx.db, [role.profile_id])).get(role.profile_id);
  const type =
    role.role_type_id === null
      ? undefined
      : (await findRoleTypesByIds(ctx.db, [role.role_type_id])).get(role.role_type_id);
  const refused = refusal === null || !user ? null : emailUnverifiedProblem(user, role.invited_email);
  const detail = problem?.detail ?? refused?.message ?? '';
  return reply.page(
    acceptRolePage,
    {
      invitation: { printable_name: profile ? profileName(profile) : '', role_title: type?.title ?? '' },
      may_accept: refusal === null,
      form: {},
      errors: problem?.errors ?? {},
      detail,
      resolve_url: problem?.location ?? refused?.extra.location ?? null,
    },
    problem?.status ?? 200,
  );
}
