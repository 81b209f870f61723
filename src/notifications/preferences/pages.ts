import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { checkedField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { changePreferences, readPreferences } from '../change-preferences.ts';
import { groupMailKinds, mail_kinds } from '../mail-kinds.ts';
import { preferencesPage } from './page-types.ts';

/** The page of the e-mails that a user receives. */
export function preferencePages(app: App): void {
  const options = {
    config: { access: { kind: 'self' }, page: true },
    schema: { params: Type.Object({ user: Type.String({ maxLength: 150 }) }), hide: true },
  } as const;
  app.get('/users/:user/notifications/', options, async (request, reply) => {
    const { ctx, params, subject } = request;
    const { offered, enabled } = await readPreferences(ctx, params.user);
    const shown = mail_kinds.filter(({ slug }) => offered.includes(slug));
    const is_own = subject.relation === 'self';
    return reply.page(preferencesPage, {
      groups: groupMailKinds(shown),
      form: Object.fromEntries(shown.map(({ slug }) => [slug, enabled.includes(slug) ? '1' : ''])),
      is_own,
      // Only managers of the broker are offered this event.
      site_url: is_own && offered.includes('user_contact') ? paths.mailPreview() : null,
      may_edit: is_own || subject.is_manager,
      errors: {},
      detail: '',
    });
  });
  app.post('/users/:user/notifications/', options, async (request, reply) => {
    const { ctx, params, body } = request;
    const { enabled } = await readPreferences(ctx, params.user);
    const described = new Set(mail_kinds.map(({ slug }) => slug));
    // Events without an e-mail are not on the page: their choice stays.
    const kept = enabled.filter((event) => !described.has(event));
    const ticked = mail_kinds.map(({ slug }) => slug).filter((slug) => checkedField(body, slug));
    await changePreferences(ctx, params.user, [...kept, ...ticked]);
    return reply.flash('success', 'The choice was saved.').redirect(paths.userNotifications(params.user), 303);
  });
}
