import { numberFormatter } from '#kernel/formatters';
import { type Static, Type } from 'typebox';
import { NullableInstant, NullableString } from '../../http/schemas.ts';
import { ShownMoney } from '../details/fact.ts';

const Change = Type.Object({
  sign: Type.Union([Type.Literal('more'), Type.Literal('less'), Type.Literal('same')]),
  /** What the change means to the reader; null if neither. Not the same as up and down. */
  good: Type.Union([Type.Boolean(), Type.Null()]),
  text: Type.String(),
});
export type Change = Static<typeof Change>;

/** One tile of `_stats.html`. Without `money` and `text` there is no data yet: `from` says since when there will be. */
export const Stat = Type.Object({
  label: Type.String(),
  /** Page of what the figure counts. */
  href: Type.Optional(NullableString),
  definition: Type.Optional(NullableString),
  money: Type.Optional(Type.Union([ShownMoney, Type.Null()])),
  text: Type.Optional(NullableString),
  from: Type.Optional(NullableInstant),
  change: Type.Optional(Type.Union([Change, Type.Null()])),
  note: Type.Optional(NullableString),
});
export type Stat = Static<typeof Stat>;

/**
 * Compares a figure with that of an earlier period: "▲ 3.1%". Null if the earlier one was zero, of which nothing is a
 * percentage.
 */
export function compareFigures(
  { current, previous }: { current: number; previous: number },
  { better, locale }: { better: 'more' | 'less' | null; locale: string },
): Change | null {
  if (previous === 0) return null;
  const ratio = (current - previous) / Math.abs(previous);
  const format = numberFormatter(locale, { style: 'percent', maximumFractionDigits: 1 });
  const sign = current > previous ? 'more' : current < previous ? 'less' : 'same';
  return {
    sign,
    good: better === null || sign === 'same' ? null : sign === better,
    text: format.format(Math.abs(ratio)),
  };
}
