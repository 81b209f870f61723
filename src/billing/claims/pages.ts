import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { getPayer, loadPayerSummary } from '../payer.ts';
import { findSeats } from './find-seats.ts';
import { seatsPage } from './page-types.ts';
import { sendCodeAgain } from './send-code-again.ts';

const params = Type.Object({ profile: Type.String() });

/** Page of the seats that a payer bought for people without an account. */
export function seatPages(app: App): void {
  const url = '/billing/:profile/seats/';
  const options = { config: { access: { kind: 'direct' }, page: true }, schema: { hide: true, params } } as const;
  app.get(url, options, async (request, reply) => {
    const { payer } = await getPayer(request);
    return reply.page(seatsPage, {
      profile: await loadPayerSummary(request.ctx.db, payer),
      seats: await findSeats(request.ctx, payer.id),
    });
  });
  app.post(url, options, async (request, reply) => {
    const { payer } = await getPayer(request);
    const seat = textField(request.body, 'seat', 15);
    if (!/^[0-9]+$/.test(seat)) throw commonProblems.not_found();
    try {
      await sendCodeAgain(request.ctx, payer.id, Number(seat));
      reply.flash('success', 'A new code was sent. The former code is no longer valid.');
    } catch (error) {
      reply.flash('error', problemToForm(error).detail);
    }
    return reply.redirect(paths.seats(payer.slug), 303);
  });
}
