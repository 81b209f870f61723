import type { Context } from '../context.ts';
import type { RouteEntry } from '../http/route-list.ts';
import { menus, type NavEntry, type NavGroup, type NavKind, search_routes } from './nav-entries.ts';
import type { FrameProfile } from './page-facts.ts';

/** One entry of a menu as templates print it. */
export interface NavLink {
  id: string;
  label: string;
  icon: string;
  href: string;
  current: boolean;
  /** Number of things that wait for the reader; null for none. */
  count: number | null;
}

/** The menu of a page. */
export interface Navigation {
  kind: NavKind;
  title: string;
  /** What the profile is, in words; '' for visitors. */
  subtitle: string;
  picture: string | null;
  /** Page with the list of the reader's profiles; null for visitors. */
  switch_url: string | null;
  /** Form of the top bar, with the field `q`. */
  search: { action: string; label: string } | null;
  groups: { title: string | null; entries: NavLink[] }[];
}

/** Counts what waits for the reader in one entry of a menu; contributed by a room. */
export interface NavCounter {
  /** `id` of the entry. */
  entry: string;
  /** Returns 0 when nothing waits. Runs on every page with the entry: reads facts in memory. */
  count(ctx: Context, profile_slug: string): Promise<number>;
}

/** Values of the parameters in patterns. */
export interface NavParams {
  profile: string | undefined;
  user: string | undefined;
}

/** What a menu depends on besides the table of entries. */
export interface NavSources {
  ctx: Context;
  params: NavParams;
  /** Path of the page, without query. */
  path: string;
  /** The GET route with a pattern; undefined if the site has none. */
  findRoute(pattern: string): RouteEntry | undefined;
  /** True if the route admits the caller; the decision of the guard. */
  mayOpen(route: RouteEntry): Promise<boolean>;
  counters: readonly NavCounter[];
  /** True for the menu of the reader's personal profile. */
  is_own: boolean;
}

/** Returns the kind of menu of a profile. */
export function kindOf(profile: Pick<FrameProfile, 'is_broker' | 'is_provider'>): NavKind {
  if (profile.is_broker) return 'broker';
  return profile.is_provider ? 'provider' : 'subscriber';
}

/** Returns what a profile is on this site, in words. */
export function describeKind(profile: Pick<FrameProfile, 'is_broker' | 'is_provider' | 'type'>): string {
  if (profile.is_broker) return 'Broker and provider';
  if (profile.is_provider) return 'Provider';
  return profile.type === 'personal' ? 'Personal profile' : 'Organization';
}

/**
 * Builds the menu of a page: the entries whose GET route exists and admits the caller, in the order of the table.
 *
 * The entry with the longest pattern that contains the path is the current one. Groups without entries are left out.
 */
export async function buildGroups(kind: NavKind, sources: NavSources): Promise<Navigation['groups']> {
  const shown = menus[kind].filter(({ is_own = false }) => !is_own || sources.is_own);
  const groups = await Promise.all(shown.map((group) => linksOfGroup(group, sources)));
  const all = groups.flatMap(({ entries }) => entries);
  const longest = Math.max(0, ...all.map(({ match_length }) => match_length));
  let is_marked = false;
  const isCurrent = (match_length: number): boolean => {
    if (is_marked || match_length === 0 || match_length < longest) return false;
    is_marked = true;
    return true;
  };
  return groups
    .filter(({ entries }) => entries.length > 0)
    .map(({ title, entries }) => ({
      title,
      entries: entries.map(({ match_length, ...link }) => ({ ...link, current: isCurrent(match_length) })),
    }));
}

/** Builds the links of a list of entries outside a menu, such as the account menu. */
export async function buildLinks(entries: readonly NavEntry[], sources: NavSources): Promise<NavLink[]> {
  const group = await linksOfGroup({ title: null, entries }, sources);
  return group.entries.map(({ match_length: _length, ...link }) => ({ ...link, current: link.href === sources.path }));
}

type Measured = Omit<NavLink, 'current'> & { match_length: number };

async function linksOfGroup(
  { title, entries }: NavGroup,
  sources: NavSources,
): Promise<{ title: string | null; entries: Measured[] }> {
  const links = await Promise.all(entries.map((entry) => linkOf(entry, sources)));
  return { title, entries: links.filter((link) => link !== null) };
}

async function linkOf(entry: NavEntry, sources: NavSources): Promise<Measured | null> {
  const { instead } = entry;
  const is_instead = instead !== undefined && sources.findRoute(entry.route) === undefined;
  const { route: pattern, label } = is_instead ? instead : entry;
  const href = fillPattern(pattern, sources.params);
  if (href === null) return null;
  if (entry.by_rules !== true) {
    const route = sources.findRoute(pattern);
    if (route === undefined || !(await sources.mayOpen(route))) return null;
  }
  const { id, icon, covers = [] } = entry;
  const lengths = [entry.route, ...covers].map((pattern) => matchLength(pattern, sources));
  return { id, label, icon, href, count: await countOf(id, sources), match_length: Math.max(...lengths) };
}

async function countOf(id: string, { ctx, params, counters }: NavSources): Promise<number | null> {
  const counter = counters.find(({ entry }) => entry === id);
  if (counter === undefined || params.profile === undefined) return null;
  const count = await counter.count(ctx, params.profile);
  return count > 0 ? count : null;
}

/** Returns the page that searches the profiles of the site or the subscribers of a seller, or null. */
export async function findSearch(sources: NavSources): Promise<Navigation['search']> {
  for (const { route: pattern, label } of search_routes) {
    const route = sources.findRoute(pattern);
    const action = fillPattern(pattern, sources.params);
    if (route !== undefined && action !== null && (await sources.mayOpen(route))) return { action, label };
  }
  return null;
}

/** Returns the path of a pattern; null when a parameter has no value. Other parameters than these two have none. */
export function fillPattern(pattern: string, params: NavParams): string | null {
  let is_complete = true;
  const path = pattern.replace(/:([a-z_]+)/g, (_whole, name: string) => {
    const value = name === 'profile' ? params.profile : name === 'user' ? params.user : undefined;
    if (value === undefined) is_complete = false;
    return encodeURIComponent(value ?? '');
  });
  return is_complete ? path : null;
}

/** Returns the number of characters of the pattern if the path is at or below it, otherwise 0. */
function matchLength(pattern: string, { params, path }: NavSources): number {
  const parts = pattern.split('/').filter((part) => part !== '');
  const given = path.split('/').filter((part) => part !== '');
  if (given.length < parts.length) return 0;
  const fits = parts.every((part, index) => {
    const filled = fillPattern(part, params);
    return filled === null || filled.toLowerCase() === given[index]?.toLowerCase();
  });
  return fits ? pattern.length : 0;
}
