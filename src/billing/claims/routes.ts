import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { Detail, IsoInstant, listQuerystring, PageOf } from '#platform/http/schemas';
import { paymentsProblems, type Processors } from '#payments';
import { getProfileById } from '../payer.ts';
import { billingProblems } from '../problems.ts';
import { seatList } from './claim-store.ts';
import { type ListedSeat, listSeats } from './find-seats.ts';
import { revokeSeat } from './revoke-seat.ts';
import { sendCodeAgain } from './send-code-again.ts';

const tags = ['billing'];
const access = { kind: 'direct' } as const;
const ProfileParams = Type.Object({ profile: Type.String() });
export const SeatParams = Type.Object({ profile: Type.String(), seat: Type.String({ pattern: '^[0-9]{1,15}$' }) });
const SeatSchema = Type.Object({
  id: Type.Integer(),
  email: Type.String(),
  full_name: Type.String(),
  plans: Type.Array(Type.Object({ slug: Type.String(), title: Type.String() })),
  state: Type.Enum(['open', 'claimed', 'expired', 'unpaid', 'refunded', 'revoked'], {
    description:
      'open: not claimed, the code is valid; expired: not claimed, the code is no longer valid. A new code can be sent for both, and both can be revoked.',
  }),
  created_at: IsoInstant,
  sent_at: IsoInstant,
  expires_at: IsoInstant,
});

/** Routes of the seats that a payer bought for people without an account. */
export function seatRoutes(app: App, processors: Processors): void {
  seatsRoute(app);
  oneSeatRoutes(app, processors);
}

function seatsRoute(app: App): void {
  app.get(
    '/api/billing/:profile/seats',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Lists the seats bought for people without an account',
        description: 'Newest first. A code that claims the seat was mailed to each person.',
        params: ProfileParams,
        querystring: listQuerystring(seatList),
        response: { 200: PageOf(SeatSchema) },
      },
    },
    async (request) => {
      const { ctx } = request;
      const payer_id = getPayerId(request);
      const list = await request.listIn(async () => (await getProfileById(ctx.db, payer_id)).default_timezone);
      const page = await listSeats(ctx, payer_id, list, request.listUrl);
      return { ...page, results: page.results.map(presentSeat) };
    },
  );
}

function oneSeatRoutes(app: App, processors: Processors): void {
  const { seat_unknown, seat_closed, seat_code_sent } = billingProblems;
  app.post(
    '/api/billing/:profile/seats/:seat/send',
    {
      config: { access, problems: [seat_unknown, seat_closed, seat_code_sent] },
      schema: {
        tags,
        summary: 'Sends a new code for a seat',
        description: 'Replaces the former code. At most one message an hour.',
        params: SeatParams,
        response: { 200: Detail },
      },
    },
    async (request) => {
      await sendCodeAgain(request.ctx, getPayerId(request), Number(request.params.seat));
      return { detail: 'A new code was sent.' };
    },
  );

  const { refund_exceeds_funds, refund_in_flight, refund_refused, charge_not_refundable } = paymentsProblems;
  app.post(
    '/api/billing/:profile/seats/:seat/revoke',
    {
      config: {
        access,
        problems: [
          seat_unknown,
          seat_closed,
          refund_exceeds_funds,
          refund_in_flight,
          refund_refused,
          charge_not_refundable,
        ],
      },
      schema: {
        tags,
        summary: 'Revokes a seat that no one has claimed',
        description: 'The code is no longer valid, and what the seat cost is refunded to the payer.',
        params: SeatParams,
        response: { 200: Detail },
      },
    },
    async (request) => ({
      detail: await revokeSeat({ ...request.ctx, processors }, getPayerId(request), Number(request.params.seat)),
    }),
  );
}

function getPayerId({ subject }: FastifyRequest) {
  if (subject.profile_id === null) throw commonProblems.not_found();
  return subject.profile_id;
}

function presentSeat({ may_resend: _, may_revoke: _revoke, refundable: _refundable, ...seat }: ListedSeat) {
  return {
    ...seat,
    created_at: seat.created_at.toISOString(),
    sent_at: seat.sent_at.toISOString(),
    expires_at: seat.expires_at.toISOString(),
  };
}
