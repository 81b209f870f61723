import { Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';
import { EffectLine } from '../details/effect.ts';
import { longText, rightToLeftText } from './hostile-text.ts';

const usd = (amount: number) => ({ amount, unit: 'usd' });

/** `_effect.html` for a refund and for a price. */
export const effectPiece = definePage('dev/effect.html', Type.Object({ effect: Type.Array(EffectLine) }), {
  typical: {
    effect: [
      { label: 'Xia Lee receives', hint: 'on Visa ending in 1234, in 5 to 10 days', money: usd(30_000) },
      { label: 'The processor keeps its fee', money: usd(-870) },
      { label: 'Your funds', money: usd(-29_130), was: { money: usd(870) }, strong: true },
    ],
  },
  difference: {
    effect: [
      { label: 'New buyers', hint: 'from now on', money: usd(5_900) },
      { label: '9 subscribers', hint: 'from their next renewal', money: usd(5_900), was: { money: usd(5_500) } },
      { label: 'Recurring revenue', money: usd(3_600), plus: true, note: 'per month' },
      { label: 'Plan', value: 'Premium', was: { value: 'Basic' } },
    ],
  },
  long: {
    effect: [
      { label: longText, hint: rightToLeftText, money: usd(9_007_199_254_740_991) },
      { label: rightToLeftText, value: longText, was: { value: rightToLeftText }, note: longText },
    ],
  },
});
