import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { App } from '#platform/http/app';
import { textField } from '#platform/http/forms';
import { sellersSeenBy } from '#platform/http/guards/access';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { backToList } from '#platform/pages/lists/list-address';
import type { FormContext } from '#platform/pages/forms/field';
import type { Refusal } from '#platform/pages/forms/form';
import { sha256Hex } from '#platform/security/crypto';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { leftOf, loadSoldCharge, type SoldCharge } from '../charge-views/index.ts';
import { ChargeParams, getSeenCharge } from '../charges/index.ts';
import type { Processors } from '../processors/index.ts';
import { refuseRefund } from '../records/index.ts';
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

interface Asked {
  sold: SoldCharge;
  lines: RefundableLine[];
  form: ReturnType<typeof refundForm>;
  context: FormContext;
}

/** The page that refunds lines of a charge: amounts, then what they do, then the refund. */
export function refundPages(app: App, processors: Processors): void {
  const url = '/billing/:profile/receipt/:charge/refund/';
  const options = {
    config: { access: { kind: 'provider-only' }, page: true },
    schema: { hide: true, params: ChargeParams },
  } as const;

  app.get(url, options, async (request: Request, reply) => {
    const asked = await askRefund(request);
    const only = textField(request.query, 'line', 10);
    const chosen = asked.lines.filter(({ num }) => only === '' || String(num) === only);
    const prefilled = Object.fromEntries(chosen.map((line) => [fieldOfLine(line), line.left]));
    return reply.page(refundPage, { ...viewPage(request, asked), ...asked.form.view(prefilled, asked.context) });
  });

  app.post(url, options, async (request: Request, reply) => {
    const asked = await askRefund(request);
    const key = textField(request.body, 'key', 64);
    try {
      const wanted = readWanted(request, asked, key);
      if (key === '') return await showReview(request, reply, processors, asked, wanted);
      const detail = await refundCharge(
        { ...request.ctx, processors },
        request.subject,
        asked.sold.charge,
        wanted,
        refundKey(request, asked.sold, wanted, key),
      );
      reply.flash('success', detail);
      return await reply.redirect(chargeUrl(request), 303);
    } catch (error) {
      const refusal = asked.form.refuse(error, request.body);
      return showRefusal(request, reply, asked, refusal);
    }
  });
}

async function askRefund(request: Request): Promise<Asked> {
  const { ctx, subject } = request;
  const charge = await getSeenCharge(request);
  const sold = await loadSoldCharge(ctx.db, charge, sellersSeenBy(subject));
  const lines = sold.lines
    .filter((line) => subject.is_manager && charge.state === 'done' && leftOf(line) > 0)
    .map(({ num, title, ...line }) => ({ num, title, left: leftOf(line) }));
  return {
    sold,
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
    is_seller: request.subject.relation === 'provider',
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
  { sold, lines }: Asked,
): Omit<RefundView, 'form' | 'fields' | 'errors' | 'detail' | 'resolve_url' | 'error_count'> {
  const { ctx, subject } = request;
  const { charge, amount, profiles } = sold;
  const customer = profiles.get(charge.profile_id);
  const [seller_id] = sellersSeenBy(subject) ?? [];
  const seller = seller_id === undefined ? undefined : profiles.get(seller_id);
  const list = seller === undefined ? paths.charges() : paths.transfers(seller.slug);
  const money = { amount, unit: charge.unit };
  const keep_url = chargeUrl(request);
  return {
    nav_as: { profile: seller?.slug ?? ctx.site.slug, current: list },
    crumbs: [
      { label: seller === undefined ? 'Charges' : 'Funds and payouts', href: backToList(request, list) },
      { label: humanizeMoney(money, ctx.lang), href: keep_url },
    ],
    profile: { slug: request.params.profile, printable_name: customer?.printable_name ?? '' },
    customer: customer?.printable_name ?? '',
    money,
    created_at: charge.created_at.toISOString(),
    keep_url,
    field_names: lines.map(fieldOfLine),
    refusal: lines.length > 0 ? null : subject.is_manager ? refusalOf(charge.state) : NOT_MANAGER,
    review: null,
  };
}

function refusalOf(state: SoldCharge['charge']['state']): string {
  const why = refuseRefund(state);
  return why === null ? 'Everything was refunded already.' : `You cannot refund a ${why} charge.`;
}

function chargeUrl({ params, query }: Request): string {
  return withNext(paths.receipt(params.profile, params.charge), textField(query, 'next'));
}
