import { type Static, Type } from 'typebox';
import { NullableString } from '../../http/schemas.ts';
import { ShownMoney } from './fact.ts';

const Shown = { money: Type.Optional(ShownMoney), value: Type.Optional(NullableString) };

/** One line of `_effect.html`: who gets what. It has one of `money` and `value`. */
export const EffectLine = Type.Object({
  label: Type.String(),
  hint: Type.Optional(NullableString),
  ...Shown,
  /** True for a difference: an amount above zero gets a plus sign. */
  plus: Type.Optional(Type.Boolean()),
  /** The same before the action. */
  was: Type.Optional(Type.Object(Shown)),
  note: Type.Optional(NullableString),
  strong: Type.Optional(Type.Boolean()),
});
export type EffectLine = Static<typeof EffectLine>;
