import { type Static, Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';

const Line = Type.Object({
  label: Type.String(),
  note: Type.Optional(Type.String()),
  value: Type.String(),
  value_note: Type.Optional(Type.String()),
});

/** Member `confirm` of a page with `_confirm.html`. */
export const Confirmation = Type.Object({
  /** The question as a heading: "Remove Xia Lee". */
  title: Type.String(),
  /** What happens, and who is concerned, in one sentence. */
  subject: Type.String(),
  /** Who gets what, before and after, and what stays. */
  effect: Type.Array(Line),
  /** Whether and how long the action can be undone. */
  undo: Type.String(),
  keep_label: Type.String(),
  keep_url: Type.String(),
  /** The verb with its object and amount: "Refund $300.00". */
  action_label: Type.String(),
  action_url: Type.Optional(Type.String()),
  tone: Type.Optional(Type.Union([Type.Literal('danger'), Type.Literal('primary')])),
  hidden: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
  /** Text that the person types before an action that cannot be undone, or null. */
  typed_name: Type.Union([Type.String(), Type.Null()]),
});
export type Confirmation = Static<typeof Confirmation>;

const removal: Confirmation = {
  title: 'Remove Xia Lee',
  subject: 'Xia Lee is a Manager of Acme Incorporated.',
  effect: [
    { label: 'Access to Acme Incorporated', value: 'ends at once' },
    { label: 'What Xia Lee did', value: 'stays' },
  ],
  undo: 'You can undo this for 60 seconds.',
  keep_label: 'Keep the role',
  keep_url: '/profile/acme/roles/',
  action_label: 'Remove Xia Lee',
  hidden: [{ name: 'user', value: 'xia' }],
  typed_name: null,
};
const shown = { form: {}, errors: {}, detail: '' };

/** Confirmation on a page of its own; every room may show it. */
export const confirmPage = definePage(
  'saas/confirm.html',
  Type.Object({
    confirm: Confirmation,
    form: Type.Record(Type.String(), Type.String()),
    errors: Type.Record(Type.String(), Type.Array(Type.String())),
    detail: Type.String(),
  }),
  {
    typical: { confirm: removal, ...shown },
    money: {
      confirm: {
        ...removal,
        title: 'Refund Xia Lee',
        subject: 'Charge of $1,121.20 on Oct 25, 2026',
        effect: [
          { label: 'Xia Lee gets back', note: 'on Visa 1234, in 5 to 10 days', value: '$300.00' },
          { label: 'Your funds', value: '−$291.22', value_note: '$2,114.60 becomes $1,823.38' },
        ],
        undo: 'A refund is sent at once and cannot be undone.',
        keep_label: 'Keep the payment',
        action_label: 'Refund $300.00',
      },
      ...shown,
    },
    typed: {
      confirm: {
        ...removal,
        title: 'Close Acme Incorporated',
        undo: 'This cannot be undone.',
        keep_label: 'Keep the profile',
        action_label: 'Close Acme Incorporated',
        typed_name: 'acme',
      },
      ...shown,
    },
    error: {
      confirm: { ...removal, typed_name: 'acme' },
      ...shown,
      form: { typed_name: 'acm' },
      errors: { typed_name: ['Write it like acme.'] },
    },
  },
);
