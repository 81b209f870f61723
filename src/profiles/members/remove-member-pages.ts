import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findUserByUsername, type User } from '#accounts';
import type { App } from '#platform/http/app';
import { problemToForm } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { type Confirmation, confirmPage } from '#platform/pages/forms/confirm-page';
import { UNDO_S } from '#platform/pages/undo/offer-undo';
import { profileProblems } from '../problems.ts';
import { findRole, findRoleTypesByIds, getProfileView, isPending, presentProfileDetail } from '../records/index.ts';
import { revokeRole } from '../roles/index.ts';
import { getProfileId } from '../subject.ts';

const params = Type.Object({ profile: Type.String(), user: Type.String({ maxLength: 150 }) });

/** Registers the confirmation before a person loses the role, the invitation or the request on a profile. */
export function removeMemberPages(app: App): void {
  const options = {
    config: { access: { kind: 'direct', manages: true }, page: true, problems: [profileProblems.user_unknown] },
    schema: { hide: true, params },
  } as const;
  const url = '/profile/:profile/remove-role/:user/';
  app.get(url, options, async (request, reply) => {
    const user = await getUser(request, request.params.user);
    const confirm = await confirmRemoval(request, user);
    if (confirm === null) return reply.redirect(paths.roles(request.params.profile), 302);
    return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail: '' });
  });
  app.post(url, options, async (request, reply) => {
    const { ctx, subject } = request;
    const user = await getUser(request, request.params.user);
    try {
      const { undo } = await revokeRole(ctx, getProfileId(subject), user.id, subject, { offers_undo: true });
      const text = `${nameOf(user)} has no role any more.`;
      return await reply
        .flash('success', text, undo === null ? {} : { undo })
        .redirect(paths.roles(request.params.profile), 303);
    } catch (error) {
      const { status, detail } = problemToForm(error);
      const confirm = await confirmRemoval(request, user);
      if (confirm === null) throw error;
      return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail }, status);
    }
  });
}

async function getUser({ ctx }: FastifyRequest, username: string): Promise<User> {
  const user = await findUserByUsername(ctx.db, username);
  if (!user) throw profileProblems.user_unknown();
  return user;
}

/** Returns the confirmation, or null if the user has no role on the profile. */
async function confirmRemoval({ ctx, subject }: FastifyRequest, user: User): Promise<Confirmation | null> {
  const profile_id = getProfileId(subject);
  const role = await findRole(ctx.db, profile_id, user.id);
  if (!role) return null;
  const profile = await getProfileView(ctx.db, profile_id);
  const { printable_name: organization } = presentProfileDetail(profile);
  const { role_type_id } = role;
  const type = role_type_id === null ? undefined : (await findRoleTypesByIds(ctx.db, [role_type_id])).get(role_type_id);
  const name = nameOf(user);
  const keep = { keep_url: paths.roles(profile.slug), hidden: [], typed_name: null };
  if (isPending(role)) {
    const what = role.grant_key === null ? 'request' : 'invitation';
    return {
      title: what === 'request' ? `Decline the request of ${name}` : `Withdraw the invitation of ${name}`,
      subject: `${name} is not a member of ${organization} yet.`,
      effect: [{ label: `The ${what}`, value: 'ends at once' }],
      undo: 'This cannot be undone, but you can invite the person again.',
      keep_label: `Keep the ${what}`,
      action_label: what === 'request' ? 'Decline the request' : 'Withdraw the invitation',
      ...keep,
    };
  }
  const isOwn = ctx.actor.kind === 'user' && ctx.actor.user_id === user.id;
  return {
    title: isOwn ? `Leave ${organization}` : `Remove ${name}`,
    subject: `${isOwn ? 'You have' : `${name} has`} the role ${type?.title ?? ''} on ${organization}.`,
    effect: [
      { label: `Access to ${organization}`, value: 'ends at once' },
      { label: isOwn ? 'What you did' : `What ${name} did`, value: 'stays' },
    ],
    undo: isOwn
      ? 'This cannot be undone: another manager has to invite you.'
      : `You can undo this for ${UNDO_S} seconds.`,
    keep_label: 'Keep the role',
    action_label: isOwn ? `Leave ${organization}` : `Remove ${name}`,
    ...keep,
  };
}

function nameOf({ full_name, username }: User): string {
  return full_name || username;
}
