import { type Static, Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { linkAction, postAction, RowActionPart } from '#platform/pages/lists/row-actions';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText } from '#platform/pages/pieces/hostile-text';
import { PayerPart, payerSample } from '../page-parts.ts';

const Instant = Type.Unsafe<Date>({});

export const seatsList = defineListPage({
  noun: ['seat', 'seats'],
  search: 'Name or e-mail',
  order: '-created_at',
  dates: 'Bought',
  columns: {
    full_name: { label: 'Person' },
    email: { label: 'E-mail' },
    created_at: { label: 'Bought', descending: true },
  },
});

const SeatRow = Type.Object({
  id: Type.Integer(),
  email: Type.String(),
  full_name: Type.String(),
  plans: Type.Array(Type.Object({ title: Type.String() })),
  state: Type.String(),
  created_at: Instant,
  sent_at: Instant,
  expires_at: Instant,
  actions: Type.Array(RowActionPart),
});
export type SeatRow = Static<typeof SeatRow>;

const row: SeatRow = {
  id: 1,
  email: 'grace@example.com',
  full_name: 'Grace Hopper',
  plans: [{ title: 'Basic' }],
  state: 'open',
  created_at: new Date('2026-03-05T14:30:00Z'),
  sent_at: new Date('2026-03-05T14:30:00Z'),
  expires_at: new Date('2026-06-03T14:30:00Z'),
  actions: [],
};
const actions = [
  postAction('Send a new code', { seat: '1' }),
  linkAction('Revoke', '/billing/ada/seats/1/revoke/', { is_danger: true }),
];
const states = ['open', 'claimed', 'expired', 'unpaid', 'refunded', 'revoked'];
const listOf = (count: number, address = '/billing/ada/seats/') =>
  sampleList(seatsList, address, { count, csv_path: '/billing/ada/seats/download/' });

/** Seats that a payer bought for people without an account. */
export const seatsPage = definePage(
  'saas/billing/seats.html',
  Type.Object({ profile: PayerPart, seats: Type.Array(SeatRow), list: ListViewPart }),
  {
    typical: {
      profile: payerSample,
      seats: states.map((state, index) => ({
        ...row,
        id: index + 1,
        state,
        actions: state === 'open' || state === 'expired' ? actions : [],
      })),
      list: listOf(10_000),
    },
    long: {
      profile: payerSample,
      seats: [
        { ...row, full_name: longText, email: `${'a'.repeat(60)}@${'b'.repeat(60)}.example`, actions },
        { ...row, id: 2, full_name: rightToLeftText, plans: [{ title: longText }, { title: 'Basic' }] },
      ],
      list: listOf(2),
    },
    filtered: { profile: payerSample, seats: [], list: listOf(0, '/billing/ada/seats/?q=turing') },
    empty: { profile: payerSample, seats: [], list: listOf(0) },
  },
);

/** Page types of this sub-room. */
export const claimPageTypes = [seatsPage];
