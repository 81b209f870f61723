import { Type } from 'typebox';
import { PlanSummarySchema } from '#catalog';
import { definePage } from '#platform/http/page-type';
import { date, multiline } from '#platform/pages/forms/fields';
import { defineForm, form_view } from '#platform/pages/forms/form';
import { rightToLeftText } from '#platform/pages/pieces/hostile-text';
import { PageInstant, ProfileView, sampleProvider, sampleSubscriber } from '../page-schemas.ts';

/** `ends_at` is exclusive: the form shows the last day of the subscription. */
export const extendForm = defineForm({ ends_at: date({ label: 'Last day', bound: 'after' }) });
export const noteForm = defineForm({
  description: multiline({
    label: 'Note',
    optional: true,
    length_max: 10_000,
    help: 'The subscriber can read it.',
  }),
});

const context = { locale: 'en', timezone: 'America/Los_Angeles' };
const ends_at = new Date('2026-12-25T08:00:00.000Z');
const sample = {
  profile: sampleProvider,
  subscriber: sampleSubscriber,
  plan: { slug: 'open-space', title: 'Open Space' },
  created_at: new Date('2026-10-25T10:00:00.000Z'),
  ends_at,
  back_url: '/profile/cowork/subscribers/',
};
const long = { ...sample, subscriber: { ...sampleSubscriber, printable_name: rightToLeftText } };

/** The forms of a provider on the subscription of one subscriber: a later end, and the note. */
export const subscriberFormPage = definePage(
  'saas/profile/subscriber.html',
  Type.Object({
    /** The provider. */
    profile: ProfileView,
    subscriber: ProfileView,
    plan: PlanSummarySchema,
    action: Type.Enum(['extend', 'note']),
    created_at: PageInstant,
    ends_at: PageInstant,
    back_url: Type.String(),
    ...form_view,
  }),
  {
    typical: { ...sample, action: 'extend', ...extendForm.view({ ends_at }, context) },
    note: { ...sample, action: 'note', ...noteForm.view({ description: 'Asked for a desk by the window' }, context) },
    long: { ...long, action: 'note', ...noteForm.view({ description: rightToLeftText }, context) },
    error: {
      ...sample,
      action: 'extend',
      ...extendForm.view({ ends_at }, context),
      form: { ends_at: '2026-11-01' },
      errors: { ends_at: ['Choose a day after Dec 24, 2026. To end it earlier, end the subscription.'] },
      error_count: 1,
    },
  },
  { as: 'broker' },
);
