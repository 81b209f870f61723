import { Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';
import { longText, rightToLeftText, unbrokenText } from './hostile-text.ts';

/** States of `_status_pill.html` by kind, as pages pass them. */
export const pill_states = {
  order: ['cart', 'unpaid', 'in_flight', 'paid', 'free', 'past_due', 'partly_refunded', 'refunded', 'written_off'],
  charge: [
    'created',
    'waiting',
    'needs_confirmation',
    'done',
    'partly_refunded',
    'refunded',
    'failed',
    'disputed',
    'dispute_lost',
  ],
  subscription: [
    'active',
    'trial',
    'ends_soon',
    'not_renewing',
    'locked',
    'requested',
    'granted',
    'paused',
    'ended',
    'parked',
  ],
  dunning: ['retrying', 'waiting', 'suspended', 'frozen', 'recovered', 'closed', 'ended'],
  payout: ['requested', 'on_its_way', 'paid_out', 'failed', 'returned'],
  dispute: ['inquiry', 'open', 'answered', 'closed', 'lost', 'won'],
  invitation: ['invited', 'requested', 'accepted', 'declined', 'withdrawn', 'expired', 'not_delivered'],
} as const;

const kinds = Object.entries(pill_states).map(([kind, states]) => ({ kind, states: [...states] }));

/** Pills of every state, empty states and toasts, with a label of users. */
export const statesPiece = definePage(
  'dev/states.html',
  Type.Object({
    kinds: Type.Array(Type.Object({ kind: Type.String(), states: Type.Array(Type.String()) })),
    user_text: Type.String(),
  }),
  {
    typical: { kinds, user_text: 'Xia Lee' },
    long: { kinds, user_text: longText },
    unbroken: { kinds, user_text: unbrokenText },
    right_to_left: { kinds, user_text: rightToLeftText },
  },
);

/** Dates and amounts in the formats of the kit. */
export const wordingPiece = definePage(
  'dev/wording.html',
  Type.Object({
    instants: Type.Array(Type.String()),
    amounts: Type.Array(Type.Integer()),
    units: Type.Array(Type.String()),
  }),
  {
    typical: {
      instants: ['2026-11-25T23:40:00.000Z', '2026-11-25', '1970-01-01T00:00:00.000Z', '9999-12-31T00:00:00.000Z'],
      amounts: [0, 1, -5400, 112_120, 5900, 9_007_199_254_740_991, -9_007_199_254_740_991],
      units: ['usd', 'eur', 'jpy', 'chf', 'xyz'],
    },
  },
);
