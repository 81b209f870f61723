import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { intentKey } from '#platform/http/guards/idempotency';
import { paths } from '#platform/http/paths';
import { SlugParam } from '#platform/http/schemas';
import { browserKeys, ChargeSchema, paymentsProblems, presentCharge, type Processors } from '#payments';
import { isBrokerManager } from '#profiles';
import { CheckoutBodySchema, placeUnpaidOrder, presentCheckout } from '../checkout/index.ts';
import { findCardAccount } from '../card-form.ts';
import { getPayerId } from '../payer.ts';
import { billingProblems } from '../problems.ts';
import { collectLink } from './collect-link.ts';
import { viewLink } from './load-link.ts';
import { payLink } from './pay-link.ts';
import { presentLink } from './present-link.ts';
import { CodeParams, CollectBody, CollectParams, LinkSchema, PayLinkBody, UnpaidChargeSchema } from './schemas.ts';

const tags = ['billing'];

export interface PaymentLinkNeeds {
  processors: Processors;
  /** True if managers of a profile may order for it without paying. */
  pay_later_allowed: boolean;
}

/** Routes of orders that are paid later, and of the links that pay them. */
export function paymentLinkRoutes(app: App, needs: PaymentLinkNeeds): void {
  payLaterRoute(app, needs);
  showLinkRoute(app, needs);
  payLinkRoute(app, needs);
  collectRoute(app);
}

function payLaterRoute(app: App, { processors, pay_later_allowed }: PaymentLinkNeeds): void {
  app.post(
    '/api/billing/:profile/checkout/paylater',
    {
      config: {
        access: { kind: 'provider' },
        problems: [
          billingProblems.pay_later_refused,
          billingProblems.cart_empty,
          billingProblems.cart_changed,
          billingProblems.claim_quantity,
          billingProblems.checkout_in_flight,
          billingProblems.options_undecided,
          billingProblems.currency_mixed,
          billingProblems.beneficiary_unknown,
        ],
      },
      schema: {
        tags,
        summary: 'Orders the cart without paying',
        description:
          'Orders the items of the cart of the caller for the profile; the price is due, and `claim_code` pays it. For managers of the provider of all items and of the broker; for managers of the profile if the site allows it. Responds with 200 and `{}` when the total is zero.',
        params: Type.Object({ profile: SlugParam }),
        body: Type.Object({
          items: CheckoutBodySchema.properties.items,
          cart_version: CheckoutBodySchema.properties.cart_version,
        }),
        response: { 200: Type.Object({}), 201: UnpaidChargeSchema },
      },
    },
    async (request, reply) => {
      const { ctx, body, subject } = request;
      const { payer_id, owner } = getPayerId(request);
      const { order, claim_code } = await placeUnpaidOrder(
        { ...ctx, processors },
        payer_id,
        owner,
        { choices: body.items, cart_version: body.cart_version ?? null },
        {
          is_broker: isBrokerManager(subject),
          is_payer: subject.relation !== 'provider' && subject.is_manager,
          is_allowed: pay_later_allowed,
        },
      );
      if (claim_code === null) return reply.status(200).send({});
      reply.status(201).header('location', paths.paymentLink(claim_code));
      return presentLink({ ...order, claim_code }, 'created', ctx.lang);
    },
  );
}

const LINK_URL = '/api/billing/payments/:claim_code';

function showLinkRoute(app: App, { processors }: PaymentLinkNeeds): void {
  app.get(
    LINK_URL,
    {
      config: { access: { kind: 'public' }, problems: [billingProblems.payment_link_unknown] },
      schema: {
        tags,
        summary: 'Retrieves an order by its payment link',
        description: 'Returns what is due on an order that is paid later. The code is the only credential.',
        params: CodeParams,
        response: { 200: LinkSchema },
      },
    },
    async (request) => {
      const { ctx, params } = request;
      const { link, payer, invoicables, due } = await viewLink(ctx, params.claim_code);
      const quote = await presentCheckout(ctx.db, {
        payer,
        invoicables,
        processor: browserKeys(
          processors.chosen,
          await findCardAccount(ctx.db, processors, { unit: due.unit, invoicables }),
        ),
        origin: ctx.origin,
        at: ctx.clock.now(),
      });
      return {
        ...presentLink(link, due.amount > 0 ? 'created' : 'done', ctx.lang),
        amount_due: due.amount,
        ...quote,
      };
    },
  );
}

function payLinkRoute(app: App, { processors }: PaymentLinkNeeds): void {
  app.post(
    LINK_URL,
    {
      config: {
        access: { kind: 'public' },
        problems: [
          billingProblems.payment_link_unknown,
          billingProblems.payment_link_closed,
          billingProblems.payment_confirmed,
          billingProblems.checkout_in_flight,
          billingProblems.charge_pending,
          billingProblems.payment_unknown,
          paymentsProblems.card_declined,
          paymentsProblems.processor_refused,
          paymentsProblems.charge_too_small,
          paymentsProblems.charge_too_large,
          paymentsProblems.action_required,
          paymentsProblems.payment_method_absent,
        ],
      },
      schema: {
        tags,
        summary: 'Pays an order by its payment link',
        description:
          'Charges what is due on the order. An order is paid once: the second of two payments at the same time is refused. Send an Idempotency-Key, so that a retry returns the first charge.',
        params: CodeParams,
        body: PayLinkBody,
        response: { 201: ChargeSchema },
      },
    },
    async (request, reply) => {
      const { ctx, params, body } = request;
      const charge = await payLink({ ...ctx, processors }, params.claim_code, {
        token: body.processor_token ?? null,
        remember_card: body.remember_card ?? false,
        key: intentKey(request, 'payment link'),
      });
      reply.status(201);
      return presentCharge(charge, undefined, ctx.lang);
    },
  );
}

function collectRoute(app: App): void {
  app.post(
    '/api/billing/:profile/payments/:claim_code/collected',
    {
      config: {
        access: { kind: 'direct' },
        problems: [
          billingProblems.payment_link_unknown,
          billingProblems.payment_link_closed,
          billingProblems.checkout_in_flight,
          billingProblems.charge_pending,
        ],
      },
      schema: {
        tags,
        summary: 'Closes a payment link of the provider',
        description:
          'Records that the provider received the money elsewhere, or writes it off. What `amount` leaves open stays due on the balance of the payer. A link is closed once; the entry can be reversed.',
        params: CollectParams,
        body: CollectBody,
        response: { 200: UnpaidChargeSchema },
      },
    },
    async (request) => {
      const { ctx, subject, params, body } = request;
      if (subject.profile_id === null) throw commonProblems.not_found();
      const link = await collectLink(ctx, subject.profile_id, params.claim_code, {
        amount: body?.amount ?? null,
        is_paid: body?.paid ?? true,
      });
      return presentLink(link, 'done', ctx.lang);
    },
  );
}
