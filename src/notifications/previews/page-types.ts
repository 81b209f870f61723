import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { groupMailKinds, mail_kinds } from '../mail-kinds.ts';

const KindPart = Type.Object({
  slug: Type.String(),
  title: Type.String(),
  trigger: Type.String(),
  recipients: Type.String(),
  href: Type.String(),
});

const shown_kinds = mail_kinds.map((kind) => ({
  ...kind,
  recipients: 'The profile; copies to the managers of the profile',
  href: paths.mailPreview(kind.slug),
}));

export const mailsPage = definePage(
  'notification/index.html',
  Type.Object({ groups: Type.Array(Type.Object({ title: Type.String(), kinds: Type.Array(KindPart) })) }),
  { typical: { groups: groupMailKinds(shown_kinds) } },
  { as: 'broker' },
);

const typical = {
  slug: 'order_executed',
  title: 'Order confirmed',
  trigger: 'An order was placed.',
  recipients: 'The profile; copies to the managers of the profile',
  is_optional: true,
  template: 'notification/order_executed.eml',
  subject: 'Order confirmed',
  text: 'You ordered Open Space, 1 month.\n\nIf you have questions, reply to this message.',
  // The gallery frames no page: an empty document stands for the preview.
  frame_url: 'about:blank',
  error: null,
  crumbs: [{ label: 'E-mails', href: paths.mailPreview() }],
};

export const mailPage = definePage(
  'notification/detail.html',
  Type.Object({
    slug: Type.String(),
    title: Type.String(),
    trigger: Type.String(),
    recipients: Type.String(),
    /** False for messages that no user can switch off. */
    is_optional: Type.Boolean(),
    template: Type.String(),
    subject: Type.String(),
    text: Type.String(),
    frame_url: Type.String(),
    /** Why the template cannot be rendered, or null. */
    error: Type.Union([Type.String(), Type.Null()]),
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
  }),
  {
    typical,
    always: { ...typical, is_optional: false },
    error: {
      ...typical,
      subject: '',
      text: '',
      error: 'template notification/order_executed.eml, line 3: tag not closed',
    },
  },
  { as: 'broker' },
);

export const previewPageTypes = [mailsPage, mailPage] as const;
