import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { paymentsProblems, type Processors } from '#payments';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { findProfilesByIds, profileName } from '#profiles';
import { cardFormOf, findCardAccount, leadToBank } from '../card-form.ts';
import { viewInvoicables } from '../quotes/index.ts';
import { finishLink, giveUpLink } from './finish-link.ts';
import { viewLink } from './load-link.ts';
import { paymentLinkPage } from './page-types.ts';
import { payLink } from './pay-link.ts';
import { CodeParams } from './schemas.ts';

type Refused = Partial<Pick<FormProblem, 'detail' | 'errors'>> & { form?: { card_name: string } };

/** The page of a payment link. It works without scripts and without an account. */
export function paymentLinkPages(app: App, processors: Processors): void {
  const url = '/billing/payments/:claim_code/';
  const options = {
    config: { access: { kind: 'public' }, page: true },
    schema: {
      hide: true,
      params: CodeParams,
      querystring: Type.Object({ from: Type.Optional(Type.String()), left: Type.Optional(Type.String()) }),
    },
  } as const;
  app.get(url, options, async (request, reply) => {
    const code = request.params.claim_code;
    if (request.query.from !== 'bank') return show(request, reply, processors, code);
    try {
      const ctx = { ...request.ctx, processors };
      if (request.query.left === undefined) await finishLink(ctx, code);
      else await giveUpLink(ctx, code, { key: request.query.left });
    } catch (error) {
      return showRefusal(request, reply, processors, code, error);
    }
    return reply.redirect(paths.paymentLink(code), 303);
  });
  app.post(url, options, async (request, reply) => {
    const { ctx, body, params } = request;
    try {
      if (textField(body, 'action', 20) === 'give_up') {
        await giveUpLink({ ...ctx, processors }, params.claim_code);
        return await reply.redirect(paths.paymentLink(params.claim_code), 303);
      }
      const token = processors.chosen.readCardForm(body, ctx.clock.now());
      const charge = await payLink({ ...ctx, processors }, params.claim_code, {
        token,
        remember_card: false,
        key: null,
      });
      reply.flash('success', `Thank you. ${humanizeMoney(charge, ctx.lang)} was paid.`);
      return await reply.redirect(paths.paymentLink(params.claim_code), 303);
    } catch (error) {
      return showRefusal(request, reply, processors, params.claim_code, error);
    }
  });
}

/** Leads to the bank, or shows the page again with the reason of a refusal. */
async function showRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  processors: Processors,
  claim_code: string,
  error: unknown,
): Promise<FastifyReply> {
  const url = paths.paymentLink(claim_code);
  const led = leadToBank(reply, error, { back_url: url, finish_url: paths.finishPaymentLink(claim_code) });
  if (led !== null) return led;
  const { status, detail, errors, code } = problemToForm(error);
  const form = { card_name: textField(request.body, 'card_name', 100) };
  const refused =
    code === paymentsProblems.card_declined.code
      ? { detail: 'The payment did not go through', errors: { card_number: [detail] } }
      : { detail, errors };
  return show(request, reply, processors, claim_code, { ...refused, form }, status);
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  processors: Processors,
  code: string,
  refused: Refused = {},
  status = 200,
): Promise<FastifyReply> {
  const { ctx } = request;
  const { link, payer, invoicables, due } = await viewLink(ctx, code);
  const seller = (await findProfilesByIds(ctx.db, [link.provider_id])).get(link.provider_id);
  return reply.page(
    paymentLinkPage,
    {
      ...viewInvoicables(invoicables),
      payer_name: profileName(payer),
      seller_name: seller ? profileName(seller) : '',
      order_price: { amount: link.amount, unit: link.unit },
      is_paid: due.amount === 0,
      ...cardFormOf(
        request,
        processors,
        due,
        await findCardAccount(ctx.db, processors, { unit: due.unit, invoicables }),
      ),
      ...(due.amount === 0 ? {} : refused),
    },
    status,
  );
}
