import type { Context } from './context.ts';
import type { UserId } from './db/db-schema.ts';
import { paths } from './http/paths.ts';
import type { AnyPageType, Viewer } from './http/page-type.ts';
import { organizationUrls, pageUrls } from './http/replies/page-urls.ts';
import { sampleFrame } from './pages/sample-frame.ts';

const subscriber = { slug: 'xia', printable_name: 'Xia Lee' };
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
export async function viewerContext(viewer: Viewer, ctx: Context, data: object): Promise<Record<string, unknown>> {
  const organization = organizationUrls({ ...data });
  const reader = { lang: ctx.lang, locale: 'en-US', timezone: 'UTC' };
  const frame = await sampleFrame(viewer, ctx);
  if (viewer === 'visitor') {
    const anonymous = { ...ctx, actor: { kind: 'anonymous', visitor_hash: null } } as const;
    return { user: null, menu: [], reader, urls: { ...pageUrls(anonymous), organization }, ...frame };
  }
  return {
    user: { username: 'xia', printable_name: 'Xia Lee', picture: null, email: 'xia@example.com' },
    menu: [subscriber, provider].map((profile) => ({
      ...profile,
      urls: { app: paths.app(profile.slug), profile: paths.profile(profile.slug) },
    })),
    reader,
    urls: { ...pageUrls({ ...ctx, actor: sampleActor }), organization },
    ...frame,
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
