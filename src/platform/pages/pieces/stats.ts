import { Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';
import { compareFigures, Stat } from '../charts/stat.ts';
import { longText, rightToLeftText } from './hostile-text.ts';

const locale = 'en-US';
const definition = 'Price per month of all active subscriptions today. Discounts count, one-off sales do not.';

/** `_stats.html` with and without data. */
export const statsPiece = definePage('dev/stats.html', Type.Object({ stats: Type.Array(Stat) }), {
  typical: {
    stats: [
      {
        label: 'Money in',
        money: { amount: 612_485, unit: 'usd' },
        change: compareFigures({ current: 612_485, previous: 594_069 }, { better: 'more', locale }),
        note: 'on the 30 days before',
      },
      {
        label: 'Recurring revenue',
        definition,
        money: { amount: 586_241, unit: 'usd' },
        change: { sign: 'more', good: true, text: '$178.99' },
        note: 'per month in 30 days',
      },
      {
        label: 'Ended subscriptions',
        text: '7',
        change: compareFigures({ current: 7, previous: 5 }, { better: 'less', locale }),
        note: 'on the month before',
      },
      {
        label: 'Due from subscribers',
        href: '/metrics/cowork/balances-due/',
        money: { amount: 53_997, unit: 'usd' },
        note: '3 subscribers, oldest 12 days',
      },
    ],
  },
  empty: {
    stats: [
      { label: 'Money in', from: '2026-12-01T00:00:00.000Z' },
      { label: 'Recurring revenue', definition, from: '2026-12-01T00:00:00.000Z' },
    ],
  },
  long: {
    stats: [
      { label: longText, money: { amount: -9_007_199_254_740_991, unit: 'usd' }, note: rightToLeftText },
      { label: rightToLeftText, text: '123,456,789', change: { sign: 'same', good: null, text: '0%' }, note: longText },
    ],
  },
});
