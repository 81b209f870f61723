import type { Context } from './context.ts';
import type { UserId } from './db/db-schema.ts';
import { paths } from './http/paths.ts';
import type { AnyPageType, Viewer } from './http/page-type.ts';
import { organizationUrls, pageUrls } from './http/replies/page-urls.ts';

const subscriber = { slug: 'xia', printable_name: 'Xia Lee' };
const broker = { slug: 'cowork', printable_name: 'Coworking Space' };
const provider = { slug: 'studio', printable_name: 'Ask Studio' };

/** Returns the viewer that a page declares for a state, or the usual reader of the template's folder. */
export function viewerOf({ as, template }: AnyPageType, state: string): Viewer {
  const declared = typeof as === 'string' ? as : as?.[state];
  if (declared !== undefined) return declared;
  if (/^(setup|themes|rules|activities)\//.test(template)) return 'broker';
  if (/^(saas\/(metrics|profile\/plans|profile\/subscribers)|dev\/)/.test(template)) return 'provider';
  return /^(users|saas\/(users|billing|profile))\//.test(template) ? 'subscriber' : 'visitor';
}

/** Returns the common context of a page as one of the viewers sees it; its names and addresses are samples. */
export function viewerContext(viewer: Viewer, ctx: Context, data: object): Record<string, unknown> {
  const organization = organizationUrls({ ...data });
  const reader = { lang: ctx.lang, locale: 'en-US', timezone: 'UTC' };
  if (viewer === 'visitor') {
    return {
      user: null,
      menu: [],
      acting: null,
      reader,
      urls: { ...pageUrls({ ...ctx, actor: { kind: 'anonymous', visitor_hash: null } }), organization },
      nav: navOf(viewer, ctx.site.title, [
        ['Pricing', paths.pricing()],
        ['Contact', paths.contact()],
        ['Sign in', paths.login()],
      ]),
    };
  }
  return {
    user: { username: 'xia', printable_name: 'Xia Lee', picture: null, email: 'xia@example.com' },
    menu: [subscriber, provider].map((profile) => ({
      ...profile,
      urls: { app: paths.app(profile.slug), profile: paths.profile(profile.slug) },
    })),
    acting: null,
    reader,
    urls: { ...pageUrls({ ...ctx, actor: sampleActor }), organization },
    nav: signedInNav(viewer),
  };
}

/** The user of the samples; nothing is read for it. */
const sampleActor: Context['actor'] = {
  kind: 'user',
  user_id: 0 as UserId, // branded; no row has this id
  username: 'xia',
  session_id: null,
  via: 'cookie',
  visitor_hash: null,
};

function signedInNav(viewer: 'subscriber' | 'provider' | 'broker') {
  if (viewer === 'subscriber') {
    const { slug, printable_name } = subscriber;
    return navOf(viewer, printable_name, [
      ['Plan and billing', paths.history(slug)],
      ['Subscriptions', paths.subscriptions(slug)],
      ['Payment card', paths.card(slug)],
      ['People and roles', paths.roles(slug)],
      ['Profile', paths.profile(slug)],
    ]);
  }
  const { slug, printable_name } = viewer === 'broker' ? broker : provider;
  return navOf(viewer, printable_name, [
    ['Home', paths.dashboard(slug)],
    ['Set-up', paths.setUp(slug)],
    ['People and roles', paths.roles(slug)],
    ['Profile', paths.profile(slug)],
  ]);
}

function navOf(kind: Viewer, title: string, entries: readonly (readonly [label: string, href: string])[]) {
  return {
    kind,
    title,
    switch_url: paths.profileChooser(),
    groups: [
      { title: null, entries: entries.map(([label, href], i) => ({ label, href, current: i === 0, count: null })) },
    ],
  };
}
