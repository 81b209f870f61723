import { type Static, Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { NullableString } from '#platform/http/schemas';
import { rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { MoneyPart, refusedFormParts } from '../page-parts.ts';
import { common_parts, commonSample, Instant, usd } from './shown-subscription.ts';

const NullableMoney = Type.Union([MoneyPart, Type.Null()]);

/** A cancellation that the caller may choose. */
const ChoicePart = Type.Object({
  kind: Type.Enum(['period_end', 'none', 'credit', 'unused', 'full']),
  href: Type.String(),
  is_current: Type.Boolean(),
  ends_at: Instant,
  /** What it gives back, to cards and as credit; null for none. */
  given_back: NullableMoney,
});

const PreviewPart = Type.Object({
  is_now: Type.Boolean(),
  ends_at: Instant,
  /** Goes back to the cards that paid. */
  refund: NullableMoney,
  /** Becomes credit for later orders. */
  credit: NullableMoney,
  /** Taken off what is due. */
  reduced: NullableMoney,
  /** What stays due. */
  due_after: NullableMoney,
  /** Title of the plan of a planned change that is dropped. */
  lost_change: NullableString,
  ends_pause: Type.Boolean(),
});
export type StopPreview = Static<typeof PreviewPart>;

/** The cancellation that is planned. */
const PlannedPart = Type.Object({
  cancelled_at: Instant,
  /** Label of the reason, and the comment of the subscriber. */
  reason: NullableString,
  comment: NullableString,
  by_provider: Type.Boolean(),
  may_withdraw: Type.Boolean(),
  /** True if the subscription renews again when the cancellation is taken back. */
  renews: Type.Boolean(),
});

const labels = {
  too_expensive: 'It costs too much',
  missing_features: 'Something is missing',
  unused: 'It is not used',
  switched: 'Another product is used',
  quality: 'It does not work well enough',
  support: 'The support was not good enough',
  temporary: 'Only for now',
  other: 'Another reason',
} as const;
/** The reasons of a cancellation with their labels. */
export const reasonLabels: Readonly<Record<string, string>> = labels;
export const reasonChoices = Object.entries(labels).map(([value, label]) => ({ value, label }));

const typical = {
  ...commonSample,
  is_subscriber: true,
  choices: [
    choice('period_end', '2026-02-10T10:00:00.000Z', null, true),
    choice('none', '2026-01-25T22:00:00.000Z', null),
    choice('unused', '2026-01-25T22:00:00.000Z', usd(4500)),
  ],
  preview: {
    is_now: false,
    ends_at: commonSample.subscription.ends_at,
    refund: null,
    credit: null,
    reduced: null,
    due_after: null,
    lost_change: null,
    ends_pause: false,
  },
  preview_key: 'mkua7r40-5f0c',
  planned: null,
  outdated: null,
  reasons: reasonChoices,
  pause_url: '/profile/ada/subscriptions/basic/pause/',
  form: { reason: '', comment: '' },
};

function choice(
  kind: Static<typeof ChoicePart>['kind'],
  ends_at: string,
  given_back: ReturnType<typeof usd> | null,
  is_current = false,
) {
  const query = kind === 'period_end' ? 'at=period_end&refund=none' : `at=now&refund=${kind}`;
  const href = `/profile/ada/subscriptions/basic/stop/?${query}`;
  return { kind, href, is_current, ends_at: new Date(ends_at), given_back };
}

const now = { ...typical.preview, is_now: true, ends_at: new Date('2026-01-25T22:00:00.000Z') };
const refunding = {
  ...typical,
  choices: typical.choices.map((each) => ({ ...each, is_current: each.kind === 'unused' })),
  preview: { ...now, refund: usd(4500) },
};
const planned = {
  cancelled_at: new Date('2026-01-20T10:00:00.000Z'),
  reason: labels.too_expensive,
  comment: 'We use it on two days of the month only.',
  by_provider: false,
  may_withdraw: true,
  renews: true,
};
const stopped = { ...typical, planned, preview: null, preview_key: '', choices: typical.choices.slice(1) };

/** Cancels a subscription: what each way does, and taking a planned cancellation back. */
export const stopPage = definePage(
  'saas/billing/stop.html',
  Type.Object({
    ...common_parts,
    /** True if the caller manages the subscriber, who may give a reason. */
    is_subscriber: Type.Boolean(),
    choices: Type.Array(ChoicePart),
    /** What the chosen cancellation does; null while one is planned and no other is chosen, and for a reader. */
    preview: Type.Union([PreviewPart, Type.Null()]),
    preview_key: Type.String(),
    planned: Type.Union([PlannedPart, Type.Null()]),
    /** Why an earlier preview was not executed; null at first. */
    outdated: Type.Union([Type.Enum(['changed', 'expired']), Type.Null()]),
    reasons: Type.Array(Type.Object({ value: Type.String(), label: Type.String() })),
    /** Page that pauses instead; null if the plan does not offer it. */
    pause_url: NullableString,
    form: Type.Object({ reason: Type.String(), comment: Type.String() }),
    ...refusedFormParts,
  }),
  {
    typical,
    now: {
      ...typical,
      choices: typical.choices.map((each) => ({ ...each, is_current: each.kind === 'none' })),
      preview: now,
    },
    refund: refunding,
    credit: {
      ...typical,
      choices: [...typical.choices.slice(0, 1), choice('credit', '2026-01-25T22:00:00.000Z', usd(4500), true)],
      preview: { ...now, credit: usd(4500) },
    },
    losses: {
      ...refunding,
      preview: {
        ...refunding.preview,
        refund: usd(3000),
        credit: usd(500),
        reduced: usd(1000),
        due_after: usd(1200),
        lost_change: 'Pro',
        ends_pause: true,
      },
    },
    planned: stopped,
    planned_by_provider: { ...stopped, planned: { ...planned, by_provider: true, reason: null, comment: null } },
    planned_then_now: { ...refunding, planned, choices: refunding.choices.slice(1) },
    not_renewing: { ...typical, choices: typical.choices.slice(1), preview: now },
    provider: { ...refunding, is_subscriber: false, pause_url: null, back_url: '/profile/ada/contact/' },
    provider_sees_planned: {
      ...stopped,
      is_subscriber: false,
      planned: { ...planned, may_withdraw: false },
      back_url: '/profile/ada/contact/',
    },
    read_only: { ...typical, may_edit: false, choices: [], preview: null },
    outdated: { ...refunding, outdated: 'changed' as const },
    expired: { ...refunding, outdated: 'expired' as const },
    error: {
      ...typical,
      form: { reason: 'other', comment: 'x' },
      detail: '',
      errors: { comment: ['Use at most 1,000 characters.'] },
    },
    refused: {
      ...typical,
      choices: [],
      preview: null,
      detail: 'A payment of this subscription is disputed.',
      errors: {},
    },
    long: {
      ...refunding,
      subscription: { ...typical.subscription, title: unbrokenText.slice(0, 50) },
      preview: { ...refunding.preview, refund: usd(987_654_321_012), lost_change: rightToLeftText },
    },
  },
  { as: { provider: 'provider', provider_sees_planned: 'provider' } },
);
