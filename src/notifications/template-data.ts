import { printableName, presentUser } from '#accounts';
import type { Context } from '#platform/context';
import { default_reader, type Reader } from '#platform/templates/reader';
import { presentProfileDetail, type ProfileView } from '#profiles';
import type { Notice, Originator } from './notice.ts';

/** Returns the members of every template that Tollgate or the site wrote. */
export function presentSite(ctx: Context, notice: Notice, broker: ProfileView): Record<string, unknown> {
  const { user, profile } = notice.parties;
  return {
    event: notice.event,
    lang: user?.lang ?? profile?.person?.lang ?? 'en',
    site: { title: ctx.site.title, origin: ctx.origin },
    broker: presentProfileDetail(broker),
    back_url: notice.path === null ? null : `${ctx.origin}${notice.path}`,
    errors: [],
  };
}

/** Returns how dates of a message are written: in the zone of the profile that reads it. Pure. */
export function mailReader(profile: ProfileView | undefined): Reader {
  return { ...default_reader, timezone: profile?.default_timezone ?? default_reader.timezone };
}

/** Returns the members of a template that users may have written: names, messages, texts of lines. */
export function presentNotice(notice: Notice): Record<string, unknown> {
  const { user, profile, provider, subscriber } = notice.parties;
  return {
    originated_by: notice.originator && presentOriginator(notice.originator),
    ...(user ? { user: presentUser(user) } : {}),
    ...(profile ? { profile: presentProfileDetail(profile) } : {}),
    ...(provider ? { provider: presentProfileDetail(provider) } : {}),
    ...(subscriber ? { subscriber: presentProfileDetail(subscriber) } : {}),
    ...notice.data,
  };
}

function presentOriginator(originator: Originator): Record<string, unknown> {
  if (originator.id === null) return { printable_name: originator.full_name, email: originator.email };
  return { printable_name: printableName(originator), username: originator.username, email: originator.email };
}
