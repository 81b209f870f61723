import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { ProfileId } from '#platform/db/db-schema';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { type Confirmation, confirmPage } from '#platform/pages/forms/confirm-page';
import { askList } from '#platform/pages/lists/ask-list';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { linkAction, postAction } from '#platform/pages/lists/row-actions';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { humanizeMoney } from '#platform/templates/humanize-money';
import type { Processors } from '#payments';
import { billingProblems } from '../problems.ts';
import { getPayer, loadPayerSummary } from '../payer.ts';
import { findClaimOf } from './claim-store.ts';
import { describeSeats, type ListedSeat, listSeats } from './find-seats.ts';
import { type SeatRow, seatsList, seatsPage } from './page-types.ts';
import { revokeSeat } from './revoke-seat.ts';
import { SeatParams } from './routes.ts';
import { sendCodeAgain } from './send-code-again.ts';

const params = Type.Object({ profile: Type.String() });

/** Pages of the seats that a payer bought for people without an account: the list, and the one that revokes a seat. */
export function seatPages(app: App, processors: Processors): void {
  const url = '/billing/:profile/seats/';
  const config = { access: { kind: 'direct' }, page: true } as const;
  const options = { config, schema: { hide: true, params } } as const;
  app.get(url, options, async (request, reply) => showList(request, reply));
  app.get(`${url}download/`, options, async (request, reply) => sendList(request, reply));
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
  revokePages(app, processors);
}

async function showList(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx } = request;
  const { payer } = await getPayer(request);
  const asked = askList(request, seatsList, payer.default_timezone);
  const page = await listSeats(ctx, payer.id, asked.list, request.listUrl);
  const list = viewList(asked, {
    count: page.count,
    csv_path: paths.seatsDownload(payer.slug),
    empty: {
      title: 'Seats that you buy for other people will be listed here',
      text: 'A person without an account gets a code by e-mail.',
      href: paths.pricing(),
      action: 'See plans and prices',
    },
  });
  const seats = page.results.map((seat) => viewSeat(payer.slug, seat));
  return reply.page(seatsPage, { profile: await loadPayerSummary(ctx.db, payer), seats, list });
}

function viewSeat(payer: string, { may_resend, may_revoke, refundable: _, plans, ...seat }: ListedSeat): SeatRow {
  return {
    ...seat,
    plans: plans.map(({ title }) => ({ title })),
    actions: [
      ...(may_resend ? [postAction('Send a new code', { seat: String(seat.id) })] : []),
      ...(may_revoke ? [linkAction('Revoke', paths.revokeSeat(payer, seat.id), { is_danger: true })] : []),
    ],
  };
}

async function sendList(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { payer } = await getPayer(request);
  const asked = askList(request, seatsList, payer.default_timezone);
  const file = csvOfPages<ListedSeat>(asked, {
    name: 'seats',
    columns: [
      { heading: 'Bought at', kind: 'day', value: ({ created_at }) => created_at },
      { heading: 'Person', kind: 'text', value: ({ full_name }) => full_name },
      { heading: 'E-mail', kind: 'text', value: ({ email }) => email },
      { heading: 'Plans', kind: 'text', value: ({ plans }) => plans.map(({ title }) => title).join(', ') },
      { heading: 'State', kind: 'text', value: ({ state }) => state },
    ],
    read: (list) => listSeats(request.ctx, payer.id, list, request.listUrl),
  });
  return sendCsv(reply, file);
}

/** The effect of revoking a seat on a page of its own, then the refund. */
function revokePages(app: App, processors: Processors): void {
  const url = '/billing/:profile/seats/:seat/revoke/';
  const options = {
    config: { access: { kind: 'direct' }, page: true, problems: [billingProblems.seat_unknown] },
    schema: { hide: true, params: SeatParams },
  } as const;
  app.get(url, options, async (request, reply) => {
    const { payer } = await getPayer(request);
    const seat = await getSeat(request, payer.id);
    if (!seat.may_revoke) {
      reply.flash('error', billingProblems.seat_closed().message);
      return reply.redirect(paths.seats(payer.slug), 303);
    }
    const confirm = confirmRevocation(payer.slug, seat, request.ctx.lang);
    return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail: '' });
  });
  app.post(url, options, async (request, reply) => {
    const { payer } = await getPayer(request);
    try {
      const id = Number(request.params.seat);
      reply.flash('success', await revokeSeat({ ...request.ctx, processors }, payer.id, id));
    } catch (error) {
      const { status, detail } = problemToForm(error);
      const seat = await getSeat(request, payer.id);
      const confirm = confirmRevocation(payer.slug, seat, request.ctx.lang);
      return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail }, status);
    }
    return reply.redirect(paths.seats(payer.slug), 303);
  });
}

type SeatRequest = FastifyRequest<{ Params: { profile: string; seat: string } }>;

async function getSeat({ ctx, params: { seat: id } }: SeatRequest, payer_id: ProfileId): Promise<ListedSeat> {
  const claim = await findClaimOf(ctx.db, payer_id, Number(id));
  const [seat] = claim ? await describeSeats(ctx.db, [claim], ctx.clock.now()) : [];
  if (!seat) throw billingProblems.seat_unknown();
  return seat;
}

function confirmRevocation(payer: string, seat: ListedSeat, lang: string): Confirmation {
  const { full_name, email, plans, refundable } = seat;
  const person = full_name === '' ? email : full_name;
  const is_free = refundable.amount === 0;
  const amount = humanizeMoney(refundable, lang);
  return {
    title: `Revoke the seat of ${person}`,
    subject: `${person} has not used the code that was sent to ${email}.`,
    effect: [
      ...(is_free ? [] : [{ label: 'You get back', note: 'on the card that paid', value: amount }]),
      { label: 'The code', value: 'is no longer valid' },
      { label: plans.map(({ title }) => title).join(', '), value: 'is not started' },
    ],
    undo: is_free ? 'This cannot be undone.' : 'A refund is sent at once and cannot be undone.',
    keep_label: 'Keep the seat',
    keep_url: paths.seats(payer),
    action_label: is_free ? 'Revoke the seat' : `Revoke and refund ${amount}`,
    hidden: [],
    typed_name: null,
  };
}
