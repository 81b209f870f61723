import { Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';
import { Fact } from '../details/fact.ts';
import { longText, rightToLeftText, unbrokenText } from './hostile-text.ts';

const facts = [
  { label: 'Customer', value: 'Xia Lee', href: '/profile/xia/contact/' },
  { label: 'Paid on', at: '2026-11-24T15:40:00.000Z' },
  { label: 'Amount', money: { amount: 5400, unit: 'usd' } },
  { label: 'Charge', value: 'ch_XAb124EF', code: true },
  { label: 'Coupon', value: null },
];

/** `_facts.html` in the main column and in a side column. */
export const factsPiece = definePage(
  'dev/facts.html',
  Type.Object({ facts: Type.Array(Fact), column: Type.Boolean() }),
  {
    typical: { facts, column: false },
    column: { facts, column: true },
    long: {
      facts: [
        { label: longText, value: unbrokenText },
        { label: rightToLeftText, value: rightToLeftText, href: '/profile/xia/contact/' },
        { label: 'Key', value: 'x'.repeat(200), code: true },
        { label: 'Amount', money: { amount: -9_007_199_254_740_991, unit: 'usd' } },
      ],
      column: false,
    },
  },
);
