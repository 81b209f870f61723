import { Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';
import { presentTimeline, Timeline, type TimelineEvent } from '../details/timeline.ts';
import { longText, rightToLeftText, unbrokenText } from './hostile-text.ts';

const events: readonly TimelineEvent[] = [
  {
    icon: 'cart',
    tone: 'neutral',
    parts: [{ text: 'Ordered, two lines' }],
    actor: 'Xia Lee',
    at: '2026-10-25T17:04:00.000Z',
  },
  {
    icon: 'x',
    tone: 'bad',
    parts: [{ text: 'The bank declined ' }, { money: { amount: 112_120, unit: 'usd' } }],
    actor: null,
    at: '2026-10-25T17:05:00.000Z',
  },
  {
    icon: 'check',
    tone: 'good',
    parts: [
      { text: 'Paid with ' },
      { text: 'Visa ending in 1234', href: '/billing/xia/card/' },
      { text: ', ' },
      { money: { amount: 108_839, unit: 'usd' } },
      { text: ' added to your funds' },
    ],
    actor: null,
    at: '2026-10-25T17:06:00.000Z',
  },
  {
    icon: 'mail',
    tone: 'info',
    parts: [{ text: 'Receipt sent to ' }, { text: 'xia@example.com', strong: true }],
    actor: null,
    at: '2026-10-25T17:06:00.000Z',
  },
];

const many = Array.from({ length: 20 }, (_, index): TimelineEvent => ({
  icon: 'refresh',
  tone: 'neutral',
  parts: [{ text: 'Renewed for ' }, { money: { amount: 2_900 + index, unit: 'usd' } }],
  actor: null,
  at: new Date(Date.UTC(2025, index, 1)).toISOString(),
}));

/** `_timeline.html` with few, many and no events. */
export const timelinePiece = definePage('dev/timeline.html', Type.Object({ timeline: Timeline }), {
  typical: { timeline: presentTimeline(events, { text: 'Tries again on', at: '2026-11-26T09:00:00.000Z' }) },
  many: {
    timeline: presentTimeline(many, { text: 'Nothing more happens. It can be refunded for a year.', at: null }),
  },
  empty: { timeline: presentTimeline([], { text: 'Becomes active on', at: '2026-12-01T00:00:00.000Z' }) },
  long: {
    timeline: presentTimeline(
      [longText, rightToLeftText, unbrokenText].map((text): TimelineEvent => ({
        icon: 'note',
        tone: 'info',
        parts: [{ text }, { text: ' ' }, { text, strong: true }],
        actor: text,
        at: '2026-10-25T17:05:00.000Z',
      })),
      null,
    ),
  },
});
