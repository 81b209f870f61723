import { type Static, Type } from 'typebox';
import { NullableInstant, NullableString } from '../../http/schemas.ts';

/** An amount in 1/100 of its unit, as `_money.html` prints it; negative amounts are allowed. */
export const ShownMoney = Type.Object({ amount: Type.Integer(), unit: Type.String() });

/** One line of `_facts.html`: what a thing is. It has one of `money`, `at` and `value`; without them it prints "–". */
export const Fact = Type.Object({
  label: Type.String(),
  value: Type.Optional(NullableString),
  href: Type.Optional(NullableString),
  /** An instant, printed as a day of the reader's time zone. */
  at: Type.Optional(NullableInstant),
  money: Type.Optional(Type.Union([ShownMoney, Type.Null()])),
  /** True if the value is a key or an address to copy. */
  code: Type.Optional(Type.Boolean()),
});
export type Fact = Static<typeof Fact>;
