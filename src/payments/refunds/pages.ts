import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { commonProblems, invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { ProfileId } from '#platform/db/db-schema';
import type { App } from '#platform/http/app';
import { textField } from '#platform/http/forms';
import { sellersSeenBy } from '#platform/http/guards/access';
import { safeNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import type { FormContext } from '#platform/pages/forms/field';
import type { Refusal } from '#platform/pages/forms/form';
import { sha256Hex } from '#platform/security/crypto';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { leftOf, loadSoldCharge, menuOf, type SoldCharge } from '../charge-views/index.ts';
import { ChargeParams, getSeenCharge } from '../charges/index.ts';
import type { Processors } from '../processors/index.ts';
import { paymentsProblems } from '../problems.ts';
import { type Charge, findCharge, refuseRefund } from '../records/index.ts';
import { subjectId } from '../subject-id.ts';
import { refundPage } from './page-types.ts';
import { refundCharge } from './refund-charge.ts';
import { fieldOfLine, refundForm, type RefundableLine, wantedRefunds } from './refund-form.ts';
import type { WantedRefund } from './reserve-refund.ts';
import { viewEffect } from './view-refund.ts';

/** Lines of one refund, as in the API. */
const LINES_MAX = 100;

const NOT_MANAGER = 'Managers of the seller can refund this charge. Ask one of them.';

type Request = FastifyRequest<{ Params: { profile: string; charge: string } }>;
type RefundView = (typeof refundPage)['samples']['typical'];

/** Where a refund stands: the charge as the address of the page finds it. */
interface Place {
  charge: Charge;
  /** As in `sellersSeenBy`. */
  sellers: readonly ProfileId[] | null;
  /** Page of the charge. */
  charge_url: string;
}

interface Asked extends Omit<Place, 'charge'> {
  sold: SoldCharge;
  lines: RefundableLine[];
  form: ReturnType<typeof refundForm>;
  context: FormContext;
}

/**
 * The page that refunds lines of a charge: amounts, then what they do, then the refund. It stands below the customer,
 * for the sellers that have access to the customer, and below the seller, whose charges stay when that access ends.
 */
export function refundPages(app: App, processors: Processors): void {
  const schema = { hide: true, params: ChargeParams } as const;
  const of_customer = { config: { access: { kind: 'provider-only' }, page: true }, schema } as const;
  const customer_url = '/billing/:profile/receipt/:charge/refund/';
  app.get(customer_url, of_customer, async (request: Request, reply) =>
    showAmounts(request, reply, await findOfCustomer(request)),
  );
  app.post(customer_url, of_customer, async (request: Request, reply) =>
    takeForm(request, reply, processors, await findOfCustomer(request)),
  );

  const of_seller = { config: { access: { kind: 'direct' }, page: true }, schema } as const;
  const seller_url = '/billing/:profile/charges/:charge/refund/';
  app.get(seller_url, of_seller, async (request: Request, reply) =>
    showAmounts(request, reply, await findOfSeller(request)),
  );
  app.post(seller_url, of_seller, async (request: Request, reply) =>
    takeForm(request, reply, processors, await findOfSeller(request)),
  );
}

/** @throws charge_unknown (404) */
async function findOfCustomer(request: Request): Promise<Place> {
  const { params, query, subject } = request;
  const charge = await getSeenCharge(request);
  const charge_url = paths.receipt(params.profile, params.charge, textField(query, 'next'));
  return { charge, sellers: sellersSeenBy(subject), charge_url };
}

/** @throws charge_unknown (404) */
async function findOfSeller(request: Request): Promise<Place> {
  const { ctx, params, query } = request;
  const charge = await findCharge(ctx.db, params.charge);
  if (!charge) throw paymentsProblems.charge_unknown();
  const charge_url = paths.sellerCharge(params.profile, params.charge, textField(query, 'next'));
  return { charge, sellers: [subjectId(request)], charge_url };
}

async function showAmounts(request: Request, reply: FastifyReply, place: Place): Promise<FastifyReply> {
  const asked = await askRefund(request, place);
  const only = textField(request.query, 'line', 10);
  const chosen = asked.lines.filter(({ num }) => only === '' || String(num) === only);
  const prefilled = Object.fromEntries(chosen.map((line) => [fieldOfLine(line), line.left]));
  return reply.page(refundPage, { ...viewPage(request, asked), ...asked.form.view(prefilled, asked.context) });
}

async function takeForm(
  request: Request,
  reply: FastifyReply,
  processors: Processors,
  place: Place,
): Promise<FastifyReply> {
  const asked = await askRefund(request, place);
  const key = textField(request.body, 'key', 64);
  try {
    const wanted = readWanted(request, asked, key);
    requireSeenLines(asked, wanted);
    if (key === '') return await showReview(request, reply, processors, asked, wanted);
    const detail = await refundCharge(
      { ...request.ctx, processors },
      request.subject,
      asked.sold.charge,
      wanted,
      refundKey(request, asked.sold, wanted, key),
    );
    reply.flash('success', detail);
    return await reply.redirect(asked.charge_url, 303);
  } catch (error) {
    const refusal = asked.form.refuse(error, request.body);
    return showRefusal(request, reply, asked, refusal);
  }
}

/** @throws permission_denied (403) for a line of a seller that the page does not show */
function requireSeenLines({ sold, sellers }: Asked, wanted: readonly WantedRefund[]): void {
  const seen = new Set(sold.lines.map(({ num }) => num));
  if (sellers !== null && !wanted.every(({ num }) => seen.has(num))) throw commonProblems.permission_denied();
}

/** @throws charge_unknown (404) without a line of the sellers */
async function askRefund(request: Request, { charge, sellers, charge_url }: Place): Promise<Asked> {
  const { ctx, subject } = request;
  const sold = await loadSoldCharge(ctx.db, charge, sellers);
  if (sellers !== null && sold.lines.length === 0) throw paymentsProblems.charge_unknown();
  const lines = sold.lines
    .filter((line) => subject.is_manager && charge.state === 'done' && leftOf(line) > 0)
    .map(({ num, title, ...line }) => ({ num, title, left: leftOf(line) }));
  return {
    sold,
    sellers,
    charge_url,
    lines,
    form: refundForm(lines, charge, ctx.lang),
    context: { locale: ctx.lang, timezone: 'UTC', unit: charge.unit },
  };
}

/**
 * Reads the amounts of the form. A confirmed refund that is posted again finds its lines refunded: its amounts are
 * those that were reviewed, and the verb returns the first result.
 */
function readWanted(request: Request, { form, lines, context }: Asked, key: string): WantedRefund[] {
  if (key === '') {
    const asked = wantedRefunds(lines, form.read(request.body, context));
    if (asked.length > LINES_MAX) throw invalidInput({ lines: [`Refund at most ${LINES_MAX} lines at once.`] });
    return asked;
  }
  const wanted = confirmedRefunds(request);
  if (wanted.length === 0) throw invalidInput({ lines: ['Choose the lines again.'] });
  return wanted;
}

/** Returns the lines of a confirmed review: all of them, or none if the text is not that of a review. */
function confirmedRefunds(request: Request): WantedRefund[] {
  const texts = textField(request.body, 'lines', 5000).split(',');
  if (texts.length > LINES_MAX || !texts.every((text) => /^\d{1,4}:[1-9]\d{0,14}$/.test(text))) return [];
  return texts.map((text) => {
    const [num, refunded_amount] = text.split(':').map(Number);
    return { num: num ?? 0, refunded_amount: refunded_amount ?? 0 }; // both are there: the pattern matched
  });
}

/** Key of the refund: the same form of the same person for the same amounts refunds once. */
function refundKey({ ctx }: Request, { charge }: SoldCharge, wanted: readonly WantedRefund[], key: string): string {
  return sha256Hex(JSON.stringify(['refund page', actorId(ctx), charge.id, wanted, key]));
}

async function showReview(
  request: Request,
  reply: FastifyReply,
  processors: Processors,
  asked: Asked,
  wanted: readonly WantedRefund[],
): Promise<FastifyReply> {
  const { sold, form, context } = asked;
  const amount = wanted.reduce((sum, { refunded_amount = 0 }) => sum + refunded_amount, 0);
  const { charge } = sold;
  const effect = await viewEffect(request.ctx, sold, wanted, {
    terms: processors.getByName(charge.processor),
    is_seller: asked.sellers !== null,
  });
  return reply.page(refundPage, {
    ...viewPage(request, asked),
    ...form.view({}, context),
    review: {
      effect,
      action_label: `Refund ${humanizeMoney({ amount, unit: charge.unit }, request.ctx.lang)}`,
      hidden: [
        { name: 'key', value: randomUUID() },
        {
          name: 'lines',
          value: wanted.map(({ num, refunded_amount }) => `${num}:${refunded_amount}`).join(','),
        },
      ],
    },
  });
}

/** Shows the amounts again: those that were typed, or those that were confirmed. */
async function showRefusal(
  request: Request,
  reply: FastifyReply,
  asked: Asked,
  refusal: Refusal,
): Promise<FastifyReply> {
  const { form, context, lines } = asked;
  const confirmed = confirmedRefunds(request);
  const kept = Object.fromEntries(
    lines.flatMap((line) => {
      const amount = confirmed.find(({ num }) => num === line.num)?.refunded_amount;
      return amount === undefined ? [] : [[fieldOfLine(line), amount]];
    }),
  );
  const shown = confirmed.length === 0 ? refusal : { ...refusal, texts: form.view(kept, context).form };
  return reply.page(refundPage, { ...viewPage(request, asked), ...form.view({}, context, shown) }, refusal.status);
}

function viewPage(
  request: Request,
  { sold, sellers, charge_url, lines }: Asked,
): Omit<RefundView, 'form' | 'fields' | 'errors' | 'detail' | 'resolve_url' | 'error_count'> {
  const { ctx, subject } = request;
  const { charge, amount, profiles } = sold;
  const customer = profiles.get(charge.profile_id);
  const money = { amount, unit: charge.unit };
  const menu = menuOf(ctx, profiles, sellers, safeNext(textField(request.query, 'next')));
  return {
    ...menu,
    crumbs: [...menu.crumbs, { label: humanizeMoney(money, ctx.lang), href: charge_url }],
    profile: { slug: customer?.slug ?? '', printable_name: customer?.printable_name ?? '' },
    customer: customer?.printable_name ?? '',
    money,
    created_at: charge.created_at.toISOString(),
    keep_url: charge_url,
    field_names: lines.map(fieldOfLine),
    refusal: lines.length > 0 ? null : subject.is_manager ? refusalOf(charge.state) : NOT_MANAGER,
    review: null,
  };
}

function refusalOf(state: SoldCharge['charge']['state']): string {
  const why = refuseRefund(state);
  return why === null ? 'Everything was refunded already.' : `You cannot refund a ${why} charge.`;
}
