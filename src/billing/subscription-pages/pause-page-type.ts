import { type Static, Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { rightToLeftText } from '#platform/pages/pieces/hostile-text';
import { refusedFormParts } from '../page-parts.ts';
import { ChargePart, common_parts, commonSample, Instant, usd } from './shown-subscription.ts';

/** Days between which a pause may end, as `YYYY-MM-DD` in the zone of the profile; '' for no limit. */
const LimitsPart = Type.Object({ min: Type.String(), max: Type.String() });

const OfferPart = Type.Object({
  /** Longest pause in days; null: no limit, for the provider. */
  days_max: Type.Union([Type.Integer(), Type.Null()]),
  /** True if it may begin at the end of what is paid. */
  may_wait: Type.Boolean(),
  limits: LimitsPart,
});

/** What a pause does that the caller chose and did not confirm. */
const PreviewPart = Type.Object({
  is_now: Type.Boolean(),
  starts_at: Instant,
  resumes_at: Instant,
  /** End of what is paid, moved by the pause. */
  ends_at: Instant,
  was_ends_at: Instant,
  next_charge: ChargePart,
});
export type PausePreview = Static<typeof PreviewPart>;

/** The pause that runs or is planned. */
const PausePart = Type.Object({
  is_running: Type.Boolean(),
  starts_at: Instant,
  resumes_at: Instant,
  ends_at: Instant,
  next_charge: ChargePart,
  limits: LimitsPart,
  /** What resuming now does: the end of what is paid, and the next charge. */
  now: Type.Object({ ends_at: Instant, next_charge: ChargePart }),
});

const at = (text: string) => new Date(text);
const charge = (day: string) => ({ at: at(day), money: usd(9000) });
const typical = {
  ...commonSample,
  offer: { days_max: 60, may_wait: true, limits: { min: '2026-01-27', max: '2026-03-26' } },
  preview: null,
  pause: null,
  is_suspended: false,
  form: { at: 'now', resumes_at: '2026-03-26' },
};
const preview: PausePreview = {
  is_now: true,
  starts_at: at('2026-01-25T22:00:00.000Z'),
  resumes_at: at('2026-02-20T08:00:00.000Z'),
  ends_at: at('2026-03-07T20:00:00.000Z'),
  was_ends_at: commonSample.subscription.ends_at,
  next_charge: charge('2026-03-06T20:00:00.000Z'),
};
const running = {
  is_running: true,
  starts_at: preview.starts_at,
  resumes_at: preview.resumes_at,
  ends_at: preview.ends_at,
  next_charge: preview.next_charge,
  limits: typical.offer.limits,
  now: { ends_at: at('2026-02-15T20:00:00.000Z'), next_charge: charge('2026-02-14T20:00:00.000Z') },
};
const planned = {
  ...running,
  is_running: false,
  starts_at: commonSample.subscription.ends_at,
  resumes_at: at('2026-03-10T08:00:00.000Z'),
  next_charge: charge('2026-03-10T08:00:00.000Z'),
  now: { ends_at: commonSample.subscription.ends_at, next_charge: charge('2026-02-09T10:00:00.000Z') },
};
const refused = { ...typical, offer: null };

/** Pauses and resumes a subscription. */
export const pausePage = definePage(
  'saas/billing/pause.html',
  Type.Object({
    ...common_parts,
    /** Null when the subscription cannot be paused, and for a reader. */
    offer: Type.Union([OfferPart, Type.Null()]),
    preview: Type.Union([PreviewPart, Type.Null()]),
    pause: Type.Union([PausePart, Type.Null()]),
    /** True if it stands still because it is unpaid. */
    is_suspended: Type.Boolean(),
    form: Type.Object({ at: Type.String(), resumes_at: Type.String() }),
    ...refusedFormParts,
  }),
  {
    typical,
    provider: {
      ...typical,
      offer: { days_max: null, may_wait: true, limits: { min: '2026-01-26', max: '' } },
      form: { at: 'now', resumes_at: '' },
      back_url: '/profile/ada/contact/',
    },
    now_only: { ...typical, offer: { ...typical.offer, may_wait: false } },
    preview: { ...typical, preview },
    preview_period_end: {
      ...typical,
      preview: {
        ...preview,
        is_now: false,
        starts_at: preview.was_ends_at,
        ends_at: preview.was_ends_at,
        next_charge: charge('2026-02-20T08:00:00.000Z'),
      },
      form: { at: 'period_end', resumes_at: '2026-02-20' },
    },
    preview_not_renewing: { ...typical, preview: { ...preview, next_charge: null } },
    paused: { ...refused, pause: running, form: { at: '', resumes_at: '2026-02-20' } },
    planned: { ...refused, pause: planned, form: { at: '', resumes_at: '2026-03-10' } },
    suspended: { ...refused, is_suspended: true },
    read_only: { ...refused, may_edit: false },
    paused_read_only: { ...refused, may_edit: false, pause: running },
    not_offered: { ...refused, detail: 'This subscription cannot be paused.', errors: {} },
    used: { ...refused, detail: 'This subscription was paused in this period already.', errors: {} },
    error: {
      ...typical,
      form: { at: 'now', resumes_at: '2027-01-01' },
      detail: '',
      errors: { resumes_at: ['A pause lasts at most 60 days.'] },
    },
    long: { ...typical, preview, subscription: { ...commonSample.subscription, title: rightToLeftText.slice(0, 50) } },
  },
  { as: { provider: 'provider' } },
);
