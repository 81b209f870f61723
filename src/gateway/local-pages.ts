import { canonicalName } from '#kernel/slug';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '#platform/context';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import type { KnownCaller } from './callers/index.ts';
import type { Passed } from './pipeline.ts';
import { gatewayProblems } from './problems.ts';

/** What local pages are made with. */
export interface LocalPages {
  readonly hasTemplate: (name: string) => boolean;
  readonly callerOf: (ctx: Context) => Promise<KnownCaller | null>;
}

/** Templates that pages of our own fill in: asked for by address they would have nothing to show. */
const filled_elsewhere =
  /^(?:base|app|app_proxy_help|contact|[45]\d\d|(?:accounts|activities|api_docs|captcha|extended_templates|login|metrics|notification|rules|saas|users)\/.*)$/;

/**
 * Answers a request that is granted but not forwarded: the front page, the chooser below `/app/`, a page of the theme.
 * @throws page_unknown (404) · role_required (403)
 */
export async function answerLocally(
  request: FastifyRequest,
  reply: FastifyReply,
  passed: Passed,
  pages: LocalPages,
): Promise<FastifyReply> {
  const { segments } = passed.target;
  if (passed.method === 'OPTIONS') return reply.status(204).header('allow', 'GET, HEAD, OPTIONS').send();
  if (passed.method !== 'GET' && passed.method !== 'HEAD') throw gatewayProblems.page_unknown();
  const [first, slug, ...rest] = segments;
  if (first === 'app') {
    return slug === undefined
      ? chooseProfile(request, reply, pages)
      : profileHome(request, reply, pages, { slug: canonicalName(slug), rest, path: passed.target.path });
  }
  const name = firstTemplate(pages, templateNames(segments));
  if (name === null) throw gatewayProblems.page_unknown();
  return reply.page(name);
}

/** One profile: on to it. None or several: the page that shows them and creates another. */
async function chooseProfile(request: FastifyRequest, reply: FastifyReply, pages: LocalPages): Promise<FastifyReply> {
  const caller = await pages.callerOf(request.ctx);
  if (caller === null) throw gatewayProblems.credentials_required({ location: paths.login() });
  const profiles = Object.entries(caller.session.roles).flatMap(([role, list]) =>
    list.map((profile) => ({ ...profile, role_title: role, location: paths.app(profile.slug) })),
  );
  const [only] = profiles;
  if (profiles.length === 1 && only) return reply.redirect(only.location, 302);
  if (profiles.length === 0) return reply.redirect(paths.profileChooser(), 302);
  const create_path = withNext(paths.profileChooser(), '/app/:profile/');
  return reply.page('saas/profile_redirects.html', { accessibles: profiles, create_path, form: {}, errors: {} });
}

interface ProfilePath {
  readonly slug: string;
  readonly rest: readonly string[];
  readonly path: string;
}

/** A page below `/app/{profile}/`: for those who have a role on the profile, and for people of the broker. */
async function profileHome(
  request: FastifyRequest,
  reply: FastifyReply,
  pages: LocalPages,
  { slug, rest, path }: ProfilePath,
): Promise<FastifyReply> {
  const { ctx } = request;
  const caller = await pages.callerOf(ctx);
  if (caller === null) throw gatewayProblems.credentials_required({ location: paths.login() });
  const profile = Object.values(caller.session.roles)
    .flat()
    .find((candidate) => candidate.slug === slug);
  const manages_broker = caller.roles.some((held) => held.profile === caller.site.slug && held.role === 'manager');
  if (!profile && !manages_broker) throw gatewayProblems.role_required();

  const page = rest.length === 0 ? [] : templateNames(rest);
  const name = firstTemplate(pages, [
    ...page.map((each) => `app/${slug}/${each}`),
    ...page.map((each) => `app/${each}`),
    ...(rest.length === 0 ? [`app/${slug}/index.html`, `app/${slug}.html`] : []),
  ]);
  const data = {
    profile: profile ?? { slug, printable_name: slug },
    subscriptions: (profile?.subscriptions ?? []).map(({ plan, ends_at }) => ({
      plan: { slug: plan, title: plan },
      ends_at,
    })),
  };
  if (name !== null) return reply.page(name, data);
  if (manages_broker && pages.hasTemplate('app_proxy_help.html')) {
    return reply.page('app_proxy_help.html', { path, entry_point: ctx.site.entry_point });
  }
  const home = rest.length === 0 ? firstTemplate(pages, ['app/index.html'], ['app.html']) : null;
  if (home === null) throw gatewayProblems.page_unknown();
  return reply.page(home, data);
}

/** `/a/b` is `a/b.html` or `a/b/index.html`, the root is `index.html`; partials and odd names are nobody's pages. */
function templateNames(segments: readonly string[]): string[] {
  if (segments.length === 0) return ['index.html'];
  if (!segments.every((segment) => /^[A-Za-z0-9][-\w]*$/.test(segment))) return [];
  const name = segments.join('/');
  return filled_elsewhere.test(name) ? [] : [`${name}.html`, `${name}/index.html`];
}

/** The first that the theme has; `always` names those of ours that need no check of their name. */
function firstTemplate(pages: LocalPages, names: readonly string[], always: readonly string[] = []): string | null {
  const safe = names.filter((name) => /^[\w/-]+\.html$/.test(name));
  return [...safe, ...always].find((name) => pages.hasTemplate(name)) ?? null;
}
