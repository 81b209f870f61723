import type { Context } from '../context.ts';
import { paths } from '../http/paths.ts';
import type { RouteEntry } from '../http/route-list.ts';
import { account_entries, menus, type NavKind } from './nav-entries.ts';
import { buildGroups, buildLinks, describeKind, fillPattern, type NavSources } from './navigation.ts';
import { frameLayoutOf } from './page-frame.ts';

const user = { name: 'Xia Lee', slug: 'xia' };
const profiles = {
  visitor: null,
  subscriber: { slug: 'xia', name: 'Xia Lee', is_broker: false, is_provider: false, type: 'personal' },
  provider: { slug: 'studio', name: 'Ask Studio', is_broker: false, is_provider: true, type: 'organization' },
  broker: { slug: 'cowork', name: 'Coworking Space', is_broker: true, is_provider: true, type: 'organization' },
} as const;

/**
 * Returns the frame of a page for the gallery: every entry of the menu, as if each page existed.
 * The first entry is the current one.
 */
export async function sampleFrame(kind: NavKind, ctx: Context): Promise<Record<string, unknown>> {
  const profile = profiles[kind];
  const sources: NavSources = {
    ctx,
    params: { profile: profile?.slug, user: user.slug },
    path: '',
    findRoute: (url) => ({ ...open_route, url }),
    mayOpen: async () => true,
    counters: [{ entry: 'balances-due', count: async () => 3 }],
    is_own: kind === 'subscriber',
  };
  const [first] = menus[kind].flatMap(({ entries }) => entries);
  const path = fillPattern(first?.route ?? '', sources.params) ?? '';
  const groups = await buildGroups(kind, { ...sources, path });
  const none = { search: null, picture: null, groups };
  const frame_layout = frameLayoutOf(kind);
  if (profile === null) {
    const nav = { kind, title: ctx.site.title, subtitle: '', switch_url: null, ...none };
    return { nav, account_menu: null, frame_layout, acting: null };
  }
  const all_url = paths.userRoles(user.slug);
  const search = { action: `/profile/${profile.slug}/subscribers/`, label: 'Search subscribers' };
  const nav = { kind, title: profile.name, subtitle: describeKind(profile), switch_url: all_url, ...none };
  return {
    nav: kind === 'subscriber' ? nav : { ...nav, search },
    account_menu: {
      name: user.name,
      email: 'xia@example.com',
      picture: null,
      entries: await buildLinks(account_entries, sources),
      profiles: [profiles.subscriber, profiles.provider, profiles.broker].map((each) => ({
        name: each.name,
        kind: describeKind(each),
        picture: null,
        href: paths.history(each.slug),
        current: each.slug === profile.slug,
      })),
      all_url,
      has_search: false,
    },
    frame_layout,
    acting: null,
  };
}

const open_route: RouteEntry = {
  method: 'GET',
  url: '',
  access: { kind: 'public' },
  page: true,
  bare: false,
  passthrough: false,
  problems: [],
  response_statuses: [],
  matches: () => false,
};
