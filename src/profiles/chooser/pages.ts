import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '#platform/context';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { safeNext, withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { invalidInput } from '#kernel/problem';
import type { UserId } from '#platform/db/db-schema';
import { noSubject } from '#platform/http/guards/access';
import { actorId } from '#platform/actor-id';
import { createManagedProfile } from '../profile/index.ts';
import {
  findProfileSummaries,
  findRolesInState,
  findRoleTypesByIds,
  MANAGER,
  presentProfileSummary,
  roleState,
} from '../records/index.ts';
import { chooserPage } from './page-types.ts';

const ROLES_MAX = 100;

/**
 * Registers the pages without a profile in their URL. They redirect to the page of the only profile of the user, else
 * they show a choice, or a form that creates the first profile.
 *
 * `:profile` in `next` is replaced by the slug of the chosen profile. Other query parameters are kept.
 */
export function chooserPages(app: App): void {
  chooser(app, '/profile/', (slug) => paths.profile(slug));
  chooser(app, '/billing/', (slug) => paths.history(slug));
  cartChooser(app);
}

/** POST to the cart adds plans, so the form that creates a profile is submitted to the general chooser. */
function cartChooser(app: App): void {
  const options = { config: { access: { kind: 'authenticated' }, page: true }, schema: { hide: true } } as const;
  app.get('/billing/cart/', options, async (request, reply) => {
    // Keeps `next` in the query: it is the redirect target after the order, not after the choice.
    const cartOf = (slug: string) => paths.cart(slug) + request.listUrl.search;
    const create_path = withNext(paths.profileChooser(), cartOf(':profile').replace('%3Aprofile', ':profile'));
    return show(request, reply, cartOf, null, { create_path, managed_only: true });
  });
}

function chooser(app: App, url: string, pageOf: (slug: string) => string): void {
  const options = { config: { access: { kind: 'authenticated' }, page: true }, schema: { hide: true } } as const;
  app.get(url, options, async (request, reply) =>
    show(request, reply, (slug) => locationOf(request, slug, pageOf), null),
  );
  app.post(url, options, async (request, reply) => {
    try {
      const full_name = textField(request.body, 'full_name', 100);
      if (full_name === '') throw invalidInput({ full_name: ['This field is required.'] });
      const profile = await createManagedProfile(
        request.ctx,
        getCallerId(request.ctx),
        { full_name, type: 'organization' },
        noSubject,
      );
      reply.flash('success', `${full_name} was created.`);
      return await reply.redirect(locationOf(request, profile.slug, pageOf), 303);
    } catch (error) {
      return show(request, reply, (slug) => locationOf(request, slug, pageOf), problemToForm(error));
    }
  });
}

function getCallerId(ctx: Context): UserId {
  const user_id = actorId(ctx);
  if (user_id === null) throw new Error('the guard of this page admits users only');
  return user_id;
}

/** Returns the URL of the page to open after the choice of a profile. */
function locationOf(request: FastifyRequest, slug: string, pageOf: (slug: string) => string): string {
  const url = request.listUrl;
  const next = safeNext(url.searchParams.get('next'));
  if (next !== null) return next.replace(':profile', encodeURIComponent(slug));
  url.searchParams.delete('next');
  url.searchParams.delete('q');
  return pageOf(slug) + url.search;
}

/** Text of the search for a profile; '' without a search. */
function searchOf({ query }: FastifyRequest): string {
  return textField(query, 'q', 100);
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  locate: (slug: string) => string,
  problem: FormProblem | null,
  { managed_only = false, ...more }: { create_path?: string; managed_only?: boolean } = {},
): Promise<FastifyReply> {
  const { held, invited, summaries, titleOf, text } = await loadRoles(request, managed_only);
  // A role that was given without consent does not prevent the redirect to the only accepted role.
  const agreed = held.filter((role) => role.accepted_at !== null);
  const [one, ...others] = agreed.length > 0 ? agreed : held;
  const only = one && summaries.get(one.profile_id);
  if (others.length === 0 && only && problem === null) {
    return reply.redirect(locate(only.slug), 302);
  }
  return reply.page(
    chooserPage,
    {
      accessibles: held.flatMap((role) => {
        const summary = summaries.get(role.profile_id);
        if (!summary) return [];
        const location = locate(summary.slug);
        return { ...presentProfileSummary(summary), role_title: titleOf(role.role_type_id), location };
      }),
      invitations: invited.flatMap((role) => {
        const summary = summaries.get(role.profile_id);
        if (!summary || role.grant_key === null) return [];
        const accept_url = paths.roleAccept(role.grant_key);
        return {
          profile: { printable_name: summary.printable_name },
          role_description: { title: titleOf(role.role_type_id) },
          accept_url,
        };
      }),
      q: text === '' ? null : text,
      form: { full_name: textField(request.body, 'full_name', 100) },
      errors: problem?.errors ?? {},
      detail: problem?.detail ?? '',
      ...more,
    },
    problem?.status ?? 200,
  );
}

/** Loads the roles of the caller and the invitations; with `managed_only` those that may order. */
async function loadRoles(request: FastifyRequest, managed_only: boolean) {
  const { ctx } = request;
  const at = ctx.clock.now();
  const user_id = getCallerId(ctx);
  // Invitations are loaded separately: they do not affect the redirect to the only accepted role.
  const text = searchOf(request);
  const active = await findRolesInState(ctx.db, { user_id, status: 'active', text }, ROLES_MAX);
  const offered = await findRolesInState(ctx.db, { user_id, status: 'invited' }, ROLES_MAX);
  const invited = offered.filter((role) => roleState(role, at) === 'invited');
  const types = await findRoleTypesByIds(
    ctx.db,
    [...active, ...invited].map((role) => role.role_type_id).filter((id) => id !== null),
  );
  const typeOf = (id: (typeof active)[number]['role_type_id']) => (id === null ? undefined : types.get(id));
  const titleOf = (id: (typeof active)[number]['role_type_id']) => typeOf(id)?.title ?? '';
  // Only managers order.
  const held = managed_only ? active.filter((role) => typeOf(role.role_type_id)?.slug === MANAGER) : active;
  const summaries = await findProfileSummaries(
    ctx.db,
    [...held, ...invited].map((role) => role.profile_id),
  );
  return { held, invited, summaries, titleOf, text };
}
