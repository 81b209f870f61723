import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { ApiAnswer, presentApiAnswer } from '#platform/pages/details/api-answer';
import { EffectLine } from '#platform/pages/details/effect';
import { Fact, ShownMoney } from '#platform/pages/details/fact';
import { presentTimeline, Timeline } from '#platform/pages/details/timeline';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { pill_states } from '#platform/pages/pieces/states';
import { charge_pills } from './charge-pill.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);

const SoldLinePart = Type.Object({
  title: Type.String(),
  /** Name of the seller, when the charge has lines of several; else null. */
  seller: NullableText,
  paid: ShownMoney,
  refunded: ShownMoney,
  /** What can be refunded. */
  left: ShownMoney,
  refund_url: NullableText,
});

const LedgerRowPart = Type.Object({
  from: Type.String(),
  from_account: Type.String(),
  to: Type.String(),
  to_account: Type.String(),
  money: ShownMoney,
});

const DisputePart = Type.Object({
  pill: Type.Enum([...pill_states.dispute]),
  /** What happened, and what is to be done. */
  text: Type.String(),
  facts: Type.Array(Fact),
  /** The page at the processor on which the reader answers; null: the reader cannot answer. */
  href: NullableText,
});

/** A charge as its seller or the broker sees it. */
export const ChargeParts = Type.Object({
  nav_as: Type.Object({ profile: Type.String(), current: Type.String() }),
  profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
  crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
  money: ShownMoney,
  pill: Type.Enum([...charge_pills]),
  customer: Type.Object({ printable_name: Type.String(), href: Type.String() }),
  description: Type.String(),
  created_at: Type.String(),
  /** Warnings of fraud, newest first. */
  warnings: Type.Array(Type.Object({ text: Type.String(), facts: Type.Array(Fact) })),
  /** Newest first. */
  disputes: Type.Array(DisputePart),
  lines: Type.Array(SoldLinePart),
  effect_title: Type.String(),
  effect: Type.Array(EffectLine),
  timeline: Timeline,
  rows: Type.Array(LedgerRowPart),
  facts: Type.Array(Fact),
  api: ApiAnswer,
  /** Null when nothing can be refunded, or the reader may not. */
  refund_url: NullableText,
});

const usd = (amount: number) => ({ amount, unit: 'usd' });
const created_at = '2026-03-05T14:30:00.000Z';
const refund_url = paths.refund('xia', 'ch_XAb124EF');
const line = {
  title: 'Desks for a workshop, day 1',
  seller: null,
  paid: usd(30_000),
  refunded: usd(0),
  left: usd(30_000),
  refund_url: `${refund_url}?line=0`,
};
const typical = {
  nav_as: { profile: 'cowork', current: paths.charges() },
  profile: { slug: 'xia', printable_name: 'Xia Lee' },
  crumbs: [{ label: 'Charges', href: paths.charges() }],
  money: usd(112_120),
  pill: 'done' as const,
  customer: { printable_name: 'Xia Lee', href: paths.profile('xia') },
  description: 'Desks for a workshop, day 1 and 1 more',
  created_at,
  warnings: [],
  disputes: [],
  lines: [line, { ...line, title: 'Desks for a workshop, day 2', paid: usd(82_120), left: usd(82_120) }],
  effect_title: 'What you receive',
  effect: [
    { label: 'Paid', money: usd(112_120) },
    { label: 'Processor’s fee', money: usd(-3281) },
    { label: 'Your funds', money: usd(108_839), strong: true },
  ],
  timeline: presentTimeline(
    [
      { icon: 'cart', tone: 'neutral', parts: [{ text: 'Sent to the processor' }], actor: 'Xia Lee', at: created_at },
      {
        icon: 'check',
        tone: 'good',
        parts: [
          { text: 'Paid with the card ending in 1234. ' },
          { money: usd(108_839) },
          { text: ' were added to your funds' },
        ],
        actor: null,
        at: created_at,
      },
    ],
    null,
  ),
  rows: [
    { from: 'Xia Lee', from_account: 'Liability', to: 'Stripe', to_account: 'Funds', money: usd(112_120) },
    { from: 'Stripe', from_account: 'Funds', to: 'Coworking Space', to_account: 'Funds', money: usd(108_839) },
  ],
  facts: [
    { label: 'Reference', value: 'ch_XAb124EF', code: true },
    { label: 'Card', value: 'ending in 1234, expires 12/2030' },
    { label: 'Date', at: created_at },
  ],
  api: presentApiAnswer(paths.apiCharge('xia', 'ch_XAb124EF'), { processor_key: 'ch_XAb124EF', amount: 112_120 }),
  refund_url,
};
const nothing_left = { refund_url: null, lines: typical.lines.map((each) => ({ ...each, refund_url: null })) };

const dispute = {
  pill: 'open' as const,
  text: 'The bank took the money back. Answer with evidence at the processor.',
  facts: [
    { label: 'Disputed amount', money: usd(112_120) },
    { label: 'Reason', value: 'The product or service was not received' },
    { label: 'Opened on', at: '2026-03-20T09:00:00.000Z' },
    { label: 'Answer until', at: '2026-03-29T23:59:59.000Z' },
    { label: 'Reference', value: 'dp_1RabC3EfGhIjKl', code: true },
  ],
  href: 'https://dashboard.stripe.com/disputes/dp_1RabC3EfGhIjKl',
};

const warning = {
  text: 'The bank of the card reports this payment as probably fraudulent. No money moved so far. A whole refund avoids a dispute and its fee.',
  facts: [
    { label: 'Reported as', value: 'Stolen card' },
    { label: 'Reported on', at: '2026-03-12T09:00:00.000Z' },
    { label: 'Reference', value: 'issfr_1RabC3EfGhIjKl', code: true },
  ],
};

const unpaid_lines = nothing_left.lines.map((each) => ({ ...each, left: usd(0) }));

export const chargePage = definePage(
  'saas/billing/charge.html',
  ChargeParts,
  {
    typical,
    empty: { ...typical, ...nothing_left, lines: [], rows: [], effect: [] },
    pending: {
      ...typical,
      ...nothing_left,
      pill: 'created',
      lines: unpaid_lines,
      rows: [],
      effect: [{ label: 'Amount', money: usd(112_120) }],
    },
    failed: {
      ...typical,
      ...nothing_left,
      pill: 'failed',
      lines: unpaid_lines,
      rows: [],
      effect: [{ label: 'Not paid', money: usd(112_120) }],
    },
    refunded: {
      ...typical,
      ...nothing_left,
      pill: 'refunded',
      lines: typical.lines.map((each) => ({ ...each, refunded: each.paid, left: usd(0), refund_url: null })),
      effect: [
        ...typical.effect.slice(0, 2),
        { label: 'Refunds', money: usd(-108_839) },
        { label: 'Your funds', money: usd(0), strong: true },
      ],
    },
    disputed: {
      ...typical,
      ...nothing_left,
      lines: unpaid_lines,
      pill: 'disputed',
      disputes: [dispute],
      effect: [
        ...typical.effect.slice(0, 2),
        { label: 'Disputes', money: usd(-113_620) },
        { label: 'Your funds', money: usd(-4781), strong: true },
      ],
    },
    dispute_won: {
      ...typical,
      disputes: [
        {
          pill: 'won',
          text: 'The bank decided against the customer: the money is back.',
          facts: [
            { label: 'Disputed amount', money: usd(30_000) },
            { label: 'Reason', value: 'No reason given' },
            { label: 'Opened on', at: '2026-03-20T09:00:00.000Z' },
            { label: 'Ended on', at: '2026-04-20T09:00:00.000Z' },
            { label: 'Reference', value: 'dp_1RabC3EfGhIjKl', code: true },
          ],
          href: null,
        },
      ],
    },
    fraud_warned: { ...typical, warnings: [warning] },
    read_only: { ...typical, ...nothing_left },
    long: {
      ...typical,
      customer: { printable_name: longText, href: paths.profile('xia') },
      description: unbrokenText,
      warnings: [warning, { ...warning, facts: [{ label: 'Reported as', value: unbrokenText }] }],
      disputes: [dispute, { ...dispute, facts: [{ label: 'Reason', value: unbrokenText }] }],
      money: usd(987_654_321_012),
      lines: [
        { ...line, title: unbrokenText, seller: longText },
        { ...line, title: rightToLeftText },
      ],
      rows: [{ from: longText, from_account: 'Liability', to: rightToLeftText, to_account: 'Funds', money: usd(1) }],
    },
  },
  { as: 'broker' },
);
