import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { groupMailKinds, mail_kinds } from '../mail-kinds.ts';
import { offeredEvents } from '../preference.ts';

const GroupPart = Type.Object({
  title: Type.String(),
  kinds: Type.Array(Type.Object({ slug: Type.String(), title: Type.String(), trigger: Type.String() })),
});

const sample = (manages_broker: boolean) => {
  const offered = offeredEvents(manages_broker);
  const kinds = mail_kinds.filter(({ slug }) => offered.includes(slug));
  return {
    groups: groupMailKinds(kinds),
    form: Object.fromEntries(kinds.map(({ slug }, index) => [slug, index % 3 === 0 ? '' : '1'])),
    is_own: true,
    site_url: manages_broker ? paths.mailPreview() : null,
    may_edit: true,
    errors: {},
    detail: '',
  };
};

export const preferencesPage = definePage(
  'users/notifications.html',
  Type.Object({
    groups: Type.Array(GroupPart),
    /** `1` for e-mails that are sent, by their slugs. */
    form: Type.Record(Type.String(), Type.String()),
    is_own: Type.Boolean(),
    /** The list of all e-mails of the site, for those who manage it; else null. */
    site_url: Type.Union([Type.String(), Type.Null()]),
    may_edit: Type.Boolean(),
    errors: Type.Record(Type.String(), Type.Array(Type.String())),
    detail: Type.String(),
  }),
  {
    typical: sample(false),
    broker: sample(true),
    read_only: { ...sample(false), is_own: false, may_edit: false },
  },
  { as: { typical: 'subscriber', broker: 'broker', read_only: 'broker' } },
);

export const preferencePageTypes = [preferencesPage] as const;
