import type { FastifyRequest } from 'fastify';
import type { HttpOptions } from '../http/app.ts';
import type { Access } from '../http/guards/access.ts';
import { paths } from '../http/paths.ts';
import type { RouteEntry } from '../http/route-list.ts';
import { readerOf } from '../templates/reader.ts';
import { account_entries, type NavKind } from './nav-entries.ts';
import {
  buildGroups,
  buildLinks,
  describeKind,
  fillPattern,
  findSearch,
  kindOf,
  type NavCounter,
  type Navigation,
  type NavLink,
  type NavSources,
} from './navigation.ts';
import type { FrameProfile, PageFacts } from './page-facts.ts';

/** Number of profiles from which the list of profiles has a search field. */
const SEARCH_FROM_COUNT = 6;
/** Profiles in the list below the name of the menu. */
const LISTED_MAX = 10;

export type FrameOptions = Pick<HttpOptions, 'db' | 'clock' | 'decideAccess' | 'findPageFacts'> & {
  counters: readonly NavCounter[];
};

/**
 * Data with which a page replaces the profile of its menu: the file of a subscriber stands in the menu of its seller.
 * `current` is the address of the entry to mark.
 */
interface MenuOf {
  profile: string;
  current: string;
}

interface Account {
  name: string;
  email: string | null;
  picture: string | null;
  entries: NavLink[];
  profiles: { name: string; kind: string; picture: string | null; href: string; current: boolean }[];
  /** Page with all profiles of the user. */
  all_url: string;
  /** True if the user has so many profiles that the list has a search field. */
  has_search: boolean;
}

/** Makes the function that builds what every page shows around its content: menu, account menu, banner, reader. */
export function makePageFrame(options: FrameOptions) {
  return async (request: FastifyRequest, data: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> => {
    const { ctx } = request;
    const slug = slugOf(data['profile']) ?? defaultSlug(request);
    const menu_of = readMenuOf(data['nav_as']);
    const facts = await options.findPageFacts(request, menu_of?.profile ?? slug);
    const path = menu_of?.current ?? request.url.split('?')[0] ?? '/';
    const owner = facts.profile ?? facts.personal;
    const sources: NavSources = {
      ctx,
      params: { profile: owner?.slug, user: facts.user?.username },
      path,
      findRoute: (pattern) => findPage(request.server.routeList, pattern),
      mayOpen: makeMayOpen(options, request, { profile: owner?.slug, user: facts.user?.username }),
      counters: options.counters,
      is_own: owner === null || owner.slug === facts.personal?.slug,
    };
    const { user } = facts;
    const nav = await navigationOf(facts, owner, sources);
    return {
      user: user && { username: user.username, printable_name: user.printable_name, picture: user.picture },
      menu: facts.profiles.slice(0, 3).map((profile) => ({
        slug: profile.slug,
        printable_name: profile.printable_name,
        urls: { app: paths.app(profile.slug), profile: paths.profile(profile.slug) },
      })),
      nav,
      frame_layout: frameLayoutOf(nav.kind),
      account_menu: await accountOf(facts, owner, sources),
      acting: menu_of === null ? actingOf(request, facts, sources) : null,
      reader: readerOf(request, facts),
    };
  };
}

async function navigationOf(facts: PageFacts, owner: FrameProfile | null, sources: NavSources): Promise<Navigation> {
  const { user } = facts;
  if (user === null) {
    const groups = await buildGroups('visitor', sources);
    const title = sources.ctx.site.title;
    return { kind: 'visitor', title, subtitle: '', picture: null, switch_url: null, search: null, groups };
  }
  const kind = owner === null ? 'subscriber' : kindOf(owner);
  return {
    kind,
    title: owner?.printable_name ?? user.printable_name,
    subtitle: owner === null ? '' : describeKind(owner),
    picture: owner === null ? user.picture : owner.picture,
    switch_url: paths.userRoles(user.username),
    search: kind === 'subscriber' ? null : await findSearch(sources),
    groups: await buildGroups(kind, sources),
  };
}

async function accountOf(facts: PageFacts, owner: FrameProfile | null, sources: NavSources): Promise<Account | null> {
  const { user, profiles } = facts;
  if (user === null) return null;
  return {
    name: user.printable_name,
    email: user.email,
    picture: user.picture,
    entries: await buildLinks(account_entries, sources),
    profiles: profiles.slice(0, LISTED_MAX).map((profile) => ({
      name: profile.printable_name,
      kind: describeKind(profile),
      picture: profile.picture,
      href: homeOf(profile, sources),
      current: profile.slug === owner?.slug,
    })),
    all_url: paths.userRoles(user.username),
    has_search: profiles.length >= SEARCH_FROM_COUNT,
  };
}

/** Returns the first page of a profile: where its seller starts, otherwise plan and billing. */
function homeOf(profile: FrameProfile, sources: NavSources): string {
  const candidates =
    kindOf(profile) === 'subscriber'
      ? ['/billing/:profile/history/']
      : ['/metrics/:profile/dashboard/', '/profile/:profile/subscribers/'];
  const found = candidates.find((pattern) => sources.findRoute(pattern) !== undefined);
  const params = { profile: profile.slug, user: undefined };
  return (found === undefined ? null : fillPattern(found, params)) ?? paths.profile(profile.slug);
}

/** Returns the banner of a page of a profile on which the caller has no role of its own, or null. */
function actingOf({ subject }: FastifyRequest, facts: PageFacts, sources: NavSources): Record<string, unknown> | null {
  const { profile, seller } = facts;
  if (profile === null || seller === null) return null;
  const file = paths.profile(profile.slug);
  const list = '/profile/:profile/subscribers/';
  const has_list = sources.findRoute(list) !== undefined;
  const is_file = sources.path === file;
  return {
    profile_name: profile.printable_name,
    as: subject.relation,
    as_name: seller.printable_name,
    back_url: is_file ? (has_list ? fillPattern(list, { profile: seller.slug, user: undefined }) : null) : file,
    back_label: is_file ? 'Back to the subscribers' : `Back to ${profile.printable_name}`,
  };
}

/** Finds the registered GET route with a pattern, apart from names of parameters and the final slash. */
function findPage(routes: readonly RouteEntry[], pattern: string): RouteEntry | undefined {
  const known = indexes.get(routes);
  const index = known?.size === routes.length ? known : indexRoutes(routes);
  return index.by_shape.get(shapeOf(pattern));
}

/** Routes by shape; built again while routes are still being registered. */
const indexes = new WeakMap<readonly RouteEntry[], { size: number; by_shape: ReadonlyMap<string, RouteEntry> }>();

function indexRoutes(routes: readonly RouteEntry[]) {
  const pages = routes.filter(({ method, passthrough }) => method === 'GET' && !passthrough);
  const index = { size: routes.length, by_shape: new Map(pages.map((route) => [shapeOf(route.url), route])) };
  indexes.set(routes, index);
  return index;
}

function shapeOf(pattern: string): string {
  return pattern.replace(/:[A-Za-z_]+(\([^)]*\))?/g, ':').replace(/\/$/, '');
}

/** Makes the decision of the guard about GET routes: one decision for all routes with the same declaration. */
function makeMayOpen(
  { decideAccess, db, clock }: FrameOptions,
  { ctx }: FastifyRequest,
  names: { profile: string | undefined; user: string | undefined },
): NavSources['mayOpen'] {
  const decided = new Map<string, Promise<boolean>>();
  const decide = async (access: Access): Promise<boolean> => {
    const params = { [paramOf(access)]: access.kind.startsWith('self') ? names.user : names.profile };
    const { actor, site } = ctx;
    return (await decideAccess(db, clock, { access, actor, site, params, method: 'GET' })).allowed;
  };
  return async ({ access }) => {
    if (access.kind === 'public') return true;
    const key = JSON.stringify(access);
    const known = decided.get(key) ?? decide(access);
    decided.set(key, known);
    return known;
  };
}

/** Name of the parameter that the declaration reads. */
function paramOf(access: Access): string {
  if ('param' in access && access.param !== undefined) return access.param;
  return access.kind.startsWith('self') ? 'user' : 'profile';
}

/** Returns the frame of `saas/base_dashboard.html` for a kind of menu. */
export function frameLayoutOf(kind: NavKind): string {
  return kind === 'provider' || kind === 'broker' ? 'saas/base_console.html' : 'saas/base_portal.html';
}

/** Pages of the broker without a profile in their data show the menu of the broker. */
function defaultSlug({ ctx, routeOptions }: FastifyRequest): string | null {
  return routeOptions.config.access?.kind === 'broker' ? ctx.site.slug : null;
}

function slugOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('slug' in value)) return null;
  return typeof value.slug === 'string' ? value.slug : null;
}

function readMenuOf(value: unknown): MenuOf | null {
  if (typeof value !== 'object' || value === null || !('profile' in value) || !('current' in value)) return null;
  const { profile, current } = value;
  return typeof profile === 'string' && typeof current === 'string' ? { profile, current } : null;
}
