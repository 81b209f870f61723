import type { FastifyReply, FastifyRequest } from 'fastify';
import { findUserByUsername } from '#accounts';
import { parseListQuery } from '#kernel/page';
import type { App } from '#platform/http/app';
import { askToChoose, pickInvitee, inviteForm } from './invite-form.ts';
import type { Candidate } from '#platform/pages/forms/candidates';
import { checkedField, type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { viewList } from '#platform/pages/lists/list-view';
import type { Throttle } from '#platform/security/throttle';
import { mayEditDetails } from '../policy.ts';
import { profileProblems } from '../problems.ts';
import {
  findRoleTypeInUrl,
  getProfileView,
  listRoleTypes,
  MANAGER,
  presentProfileDetail,
  type RoleType,
} from '../records/index.ts';
import { RoleTypeParams } from '../role-types/index.ts';
import { countInvitation, grantRole, revokeRole } from '../roles/index.ts';
import { ProfileParams } from '../schemas.ts';
import { getProfileId } from '../subject.ts';
import { downloadMembers, listMembers } from './list-members.ts';
import { membersOfTypePage, membersPage, role_status_options } from './page-types.ts';

const read = { access: { kind: 'provider' }, page: true } as const;
const write = { access: { kind: 'direct' }, page: true } as const;

/**
 * Registers the pages of the members of a profile, of all types or of one; managers invite, accept and remove there.
 */
export function memberPages(app: App, throttle: Throttle): void {
  const all = { params: ProfileParams, hide: true };
  const one = { params: RoleTypeParams, hide: true };
  app.get('/profile/:profile/roles/', { config: read, schema: all }, async (request, reply) =>
    show(request, reply, null, null),
  );
  app.get('/profile/:profile/download/roles/', { config: read, schema: all }, async (request, reply) =>
    downloadMembers(request, reply, null),
  );
  app.post('/profile/:profile/roles/', { config: write, schema: all }, async (request, reply) =>
    changeMembers(request, reply, throttle, null),
  );
  const { role_type_unknown } = profileProblems;
  app.get(
    '/profile/:profile/roles/:role/',
    { config: { ...read, problems: [role_type_unknown] }, schema: one },
    async (request, reply) => show(request, reply, await typeOf(request, request.params.role), null),
  );
  app.get(
    '/profile/:profile/download/roles/:role/',
    { config: { ...read, problems: [role_type_unknown] }, schema: one },
    async (request, reply) => downloadMembers(request, reply, await typeOf(request, request.params.role)),
  );
  app.post(
    '/profile/:profile/roles/:role/',
    { config: { ...write, problems: [role_type_unknown] }, schema: one },
    async (request, reply) => changeMembers(request, reply, throttle, await typeOf(request, request.params.role)),
  );
}

async function typeOf({ ctx, subject }: FastifyRequest, text: string): Promise<RoleType> {
  const type = await findRoleTypeInUrl(ctx.db, getProfileId(subject), text);
  if (!type) throw profileProblems.role_type_unknown();
  return type;
}

async function changeMembers(
  request: FastifyRequest,
  reply: FastifyReply,
  throttle: Throttle,
  type: RoleType | null,
): Promise<FastifyReply> {
  const { ctx, subject, body } = request;
  const profile_id = getProfileId(subject);
  const role = textField(body, 'role', 50) || type?.slug || MANAGER;
  try {
    switch (textField(body, 'action', 20)) {
      case 'invite': {
        await countInvitation(ctx, throttle);
        const picked = await pickInvitee(request);
        if ('candidates' in picked)
          return await show(request, reply, type, askToChoose(picked.candidates), picked.candidates);
        const invitee = picked.value;
        const who = invitee.includes('@') ? { email: invitee } : { slug: invitee };
        const words = {
          full_name: textField(body, 'full_name', 100),
          message: textField(body, 'message', 255) || undefined,
        };
        await grantRole(
          ctx,
          profile_id,
          role,
          { ...who, ...words },
          { force: checkedField(body, 'force') && 'email' in who },
        );
        reply.flash('success', `An invitation was sent to ${invitee}.`);
        break;
      }
      case 'accept':
        await grantRole(ctx, profile_id, role, { slug: textField(body, 'user', 150) }, { force: false });
        reply.flash('success', 'The request was accepted.');
        break;
      case 'remove': {
        const user = await findUserByUsername(ctx.db, textField(body, 'user', 150));
        if (!user) throw profileProblems.user_unknown();
        const { undo } = await revokeRole(ctx, profile_id, user.id, subject, { offers_undo: true });
        reply.flash('success', `${user.username} has no role any more.`, undo === null ? {} : { undo });
        break;
      }
      default:
    }
  } catch (error) {
    return show(request, reply, type, problemToForm(error));
  }
  const profile = await getProfileView(ctx.db, profile_id);
  // The filters of the list stay.
  return reply.redirect(`${paths.roles(profile.slug, type?.slug)}${request.listUrl.search}`, 303);
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  type: RoleType | null,
  problem: FormProblem | null,
  found: readonly Candidate[] = [],
): Promise<FastifyReply> {
  const { ctx, subject, body } = request;
  const profile_id = getProfileId(subject);
  const profile = await getProfileView(ctx.db, profile_id);
  const { asked, statuses, read } = listMembers(request, profile, type);
  const page = await read(asked.list);
  const types = await listRoleTypes(
    ctx.db,
    profile_id,
    parseListQuery({ page_size: '100' }, () => null),
    request.listUrl,
  );
  // An unknown address can be invited; an unknown username is an input error.
  const unknown = problem?.code === 'user_unknown' && textField(body, 'email', 254).includes('@');
  const data = {
    profile: presentProfileDetail(profile),
    may_edit: mayEditDetails(subject),
    role_types: types.results.map(({ slug, title }) => ({ slug, title, url: paths.roles(profile.slug, slug) })),
    roles: page,
    list: viewList(asked, {
      count: page.count,
      csv_path: paths.rolesDownload(profile.slug, type?.slug),
      empty: { title: 'People with this role will be listed here', text: 'No person has this role yet.' },
      options: { status: role_status_options.filter(({ value }) => statuses.includes(value)) },
    }),
    form: {
      email: textField(body, 'email', 254),
      full_name: textField(body, 'full_name', 100),
      message: textField(body, 'message', 255),
    },
    fields: inviteForm.view({}, { locale: ctx.lang, timezone: 'UTC' }).fields,
    candidates: found.length === 0 ? {} : { email: found.map((each) => ({ ...each })) },
    remove_base: paths.removeRole(profile.slug),
    unknown,
    errors:
      problem?.errors['slug'] && !problem.errors['email'] ? { email: problem.errors['slug'] } : (problem?.errors ?? {}),
    detail: unknown ? '' : (problem?.detail ?? ''),
  };
  const status = problem?.status ?? 200;
  if (type === null) return reply.page(membersPage, data, status);
  return reply.page(membersOfTypePage, { ...data, role_descr: { slug: type.slug, title: type.title } }, status);
}
