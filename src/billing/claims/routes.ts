import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { Detail, IsoInstant } from '#platform/http/schemas';
import { billingProblems } from '../problems.ts';
import { findSeats } from './find-seats.ts';
import { sendCodeAgain } from './send-code-again.ts';

const tags = ['billing'];
const ProfileParams = Type.Object({ profile: Type.String() });
const SeatParams = Type.Object({ profile: Type.String(), seat: Type.String({ pattern: '^[0-9]{1,15}$' }) });
const SeatSchema = Type.Object({
  id: Type.Integer(),
  email: Type.String(),
  full_name: Type.String(),
  plans: Type.Array(Type.Object({ slug: Type.String(), title: Type.String() })),
  state: Type.Enum(['open', 'claimed', 'expired', 'unpaid', 'refunded'], {
    description:
      'open: not claimed, the code is valid; expired: not claimed, the code is no longer valid. A new code can be sent for both.',
  }),
  created_at: IsoInstant,
  sent_at: IsoInstant,
  expires_at: IsoInstant,
});

/** Routes of the seats that a payer bought for people without an account. */
export function seatRoutes(app: App): void {
  app.get(
    '/api/billing/:profile/seats',
    {
      config: { access: { kind: 'direct' } },
      schema: {
        tags,
        summary: 'Lists the seats bought for people without an account',
        description: 'Newest first, at most 1000. A code that claims the seat was mailed to each person.',
        params: ProfileParams,
        response: { 200: Type.Object({ count: Type.Integer(), results: Type.Array(SeatSchema) }) },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      if (subject.profile_id === null) throw commonProblems.not_found();
      const seats = await findSeats(ctx, subject.profile_id);
      return {
        count: seats.length,
        results: seats.map(({ may_resend: _, ...seat }) => ({
          ...seat,
          created_at: seat.created_at.toISOString(),
          sent_at: seat.sent_at.toISOString(),
          expires_at: seat.expires_at.toISOString(),
        })),
      };
    },
  );

  app.post(
    '/api/billing/:profile/seats/:seat/send',
    {
      config: {
        access: { kind: 'direct' },
        problems: [billingProblems.seat_unknown, billingProblems.seat_closed, billingProblems.seat_code_sent],
      },
      schema: {
        tags,
        summary: 'Sends a new code for a seat',
        description: 'Replaces the former code. At most one message an hour.',
        params: SeatParams,
        response: { 200: Detail },
      },
    },
    async (request) => {
      const { ctx, subject, params } = request;
      if (subject.profile_id === null) throw commonProblems.not_found();
      await sendCodeAgain(ctx, subject.profile_id, Number(params.seat));
      return { detail: 'A new code was sent.' };
    },
  );
}
