import { canonicalName } from '#kernel/slug';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '#platform/context';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import type { KnownCaller } from './callers/index.ts';
import { applicationHelpPage, profileChoicePage, profileHomePage, themePage } from './page-types.ts';
import type { GrantedPassage } from './pipeline.ts';
import { gatewayProblems } from './problems.ts';

/** Functions that local pages need. */
export interface LocalPages {
  readonly hasTemplate: (name: string) => boolean;
  readonly findCaller: (ctx: Context) => Promise<KnownCaller | null>;
}

/** Templates that routes of Tollgate render with data; they are no pages by themselves. */
const templates_with_data =
  /^(?:base|app|app_proxy_help|contact|[45]\d\d|(?:accounts|activities|api_docs|captcha|extended_templates|login|metrics|notification|rules|saas|users)\/.*)$/;

/**
 * Responds to a granted request that is not forwarded: with the front page, the profiles at `/app/`, or another page of
 * the theme.
 *
 * @throws page_unknown (404) · role_required (403)
 */
export async function sendLocalPage(
  request: FastifyRequest,
  reply: FastifyReply,
  granted: GrantedPassage,
  pages: LocalPages,
): Promise<FastifyReply> {
  const { segments } = granted.target;
  if (granted.method === 'OPTIONS') return reply.status(204).header('allow', 'GET, HEAD, OPTIONS').send();
  if (granted.method !== 'GET' && granted.method !== 'HEAD') throw gatewayProblems.page_unknown();
  const [first, slug, ...rest] = segments;
  if (first === 'app') {
    return slug === undefined
      ? chooseProfile(request, reply, pages)
      : sendProfileHome(request, reply, pages, { slug: canonicalName(slug), rest, path: granted.target.path });
  }
  const name = findFirstTemplate(pages, findTemplateNames(segments));
  if (name === null) throw gatewayProblems.page_unknown();
  return reply.page({ ...themePage, template: name }, {});
}

/** Redirects to the only profile of the caller, or to the page that creates one; shows the choice among several. */
async function chooseProfile(request: FastifyRequest, reply: FastifyReply, pages: LocalPages): Promise<FastifyReply> {
  const caller = await pages.findCaller(request.ctx);
  if (caller === null) throw gatewayProblems.credentials_required({ location: paths.login() });
  const profiles = Object.entries(caller.session.roles).flatMap(([role, list]) =>
    list.map((profile) => ({ ...profile, role_title: role, location: paths.app(profile.slug) })),
  );
  const [only] = profiles;
  if (profiles.length === 1 && only) return reply.redirect(only.location, 302);
  if (profiles.length === 0) return reply.redirect(paths.profileChooser(), 302);
  const create_path = withNext(paths.profileChooser(), '/app/:profile/');
  return reply.page(profileChoicePage, { accessibles: profiles, create_path, form: {}, errors: {} });
}

interface ProfilePath {
  readonly slug: string;
  readonly rest: readonly string[];
  readonly path: string;
}

/** Sends a page below `/app/{profile}/` to users with a role on the profile and to managers of the broker. */
async function sendProfileHome(
  request: FastifyRequest,
  reply: FastifyReply,
  pages: LocalPages,
  { slug, rest, path }: ProfilePath,
): Promise<FastifyReply> {
  const { ctx } = request;
  const caller = await pages.findCaller(ctx);
  if (caller === null) throw gatewayProblems.credentials_required({ location: paths.login() });
  const profile = Object.values(caller.session.roles)
    .flat()
    .find((candidate) => candidate.slug === slug);
  const manages_broker = caller.roles.some((held) => held.profile === caller.site.slug && held.role === 'manager');
  if (!profile && !manages_broker) throw gatewayProblems.role_required();

  const page = rest.length === 0 ? [] : findTemplateNames(rest);
  const name = findFirstTemplate(pages, [
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
  if (name !== null) return reply.page({ ...profileHomePage, template: name }, data);
  if (manages_broker && pages.hasTemplate('app_proxy_help.html')) {
    return reply.page(applicationHelpPage, { path, entry_point: ctx.site.entry_point });
  }
  const home = rest.length === 0 ? findFirstTemplate(pages, ['app/index.html'], ['app.html']) : null;
  if (home === null) throw gatewayProblems.page_unknown();
  return reply.page({ ...profileHomePage, template: home }, data);
}

/**
 * Returns the templates of a path: `/a/b` is `a/b.html` or `a/b/index.html`, the root is `index.html`. Returns none for
 * partials, for templates of Tollgate's routes, and for names with other characters.
 */
function findTemplateNames(segments: readonly string[]): string[] {
  if (segments.length === 0) return ['index.html'];
  if (!segments.every((segment) => /^[A-Za-z0-9][-\w]*$/.test(segment))) return [];
  const name = segments.join('/');
  return templates_with_data.test(name) ? [] : [`${name}.html`, `${name}/index.html`];
}

/** Returns the first template of the theme, or null. `always` are constant names, which need no check. */
function findFirstTemplate(pages: LocalPages, names: readonly string[], always: readonly string[] = []): string | null {
  const safe = names.filter((name) => /^[\w/-]+\.html$/.test(name));
  return [...safe, ...always].find((name) => pages.hasTemplate(name)) ?? null;
}
