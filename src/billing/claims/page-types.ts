import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { PayerPart, payerSample } from '../page-parts.ts';

const Instant = Type.Unsafe<Date>({});

const SeatPart = Type.Object({
  id: Type.Integer(),
  email: Type.String(),
  full_name: Type.String(),
  plans: Type.Array(Type.Object({ title: Type.String() })),
  state: Type.String(),
  created_at: Instant,
  sent_at: Instant,
  expires_at: Instant,
  may_resend: Type.Boolean(),
});

const seat = {
  id: 1,
  email: 'grace@example.com',
  full_name: 'Grace Hopper',
  plans: [{ title: 'Basic' }],
  state: 'open',
  created_at: new Date('2026-03-05T14:30:00Z'),
  sent_at: new Date('2026-03-05T14:30:00Z'),
  expires_at: new Date('2026-06-03T14:30:00Z'),
  may_resend: true,
};

export const seatsPage = definePage(
  'saas/billing/seats.html',
  Type.Object({ profile: PayerPart, seats: Type.Array(SeatPart) }),
  {
    typical: {
      profile: payerSample,
      seats: ['open', 'claimed', 'expired', 'unpaid', 'refunded'].map((state, index) => ({
        ...seat,
        id: index + 1,
        state,
        may_resend: state === 'open' || state === 'expired',
      })),
    },
    empty: { profile: payerSample, seats: [] },
  },
);

/** Page types of this sub-room. */
export const claimPageTypes = [seatsPage];
