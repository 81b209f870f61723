import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { ApiAnswer, presentApiAnswer } from '#platform/pages/details/api-answer';
import { EffectLine } from '#platform/pages/details/effect';
import { Fact, ShownMoney } from '#platform/pages/details/fact';
import { presentTimeline, Timeline } from '#platform/pages/details/timeline';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
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
    disputed: { ...typical, ...nothing_left, lines: unpaid_lines, pill: 'disputed' },
    read_only: { ...typical, ...nothing_left },
    long: {
      ...typical,
      customer: { printable_name: longText, href: paths.profile('xia') },
      description: unbrokenText,
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
