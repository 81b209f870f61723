import { Type } from 'typebox';
import type { FastifyRequest } from 'fastify';
import { canonicalName } from '#kernel/slug';
import { getPayer, getPayerId } from '../payer.ts';
import { isOwnManager, sellersSeenBy } from '#platform/http/guards/access';
import type { App } from '#platform/http/app';
import { Problem } from '#kernel/problem';
import type { Invoicable } from '../records/index.ts';
import { fillAddress, type Profile } from '#profiles';
import {
  browserKeys,
  ChargeSchema,
  namesPayment,
  type PaymentContext,
  paymentsProblems,
  presentCharge,
  type Processors,
} from '#payments';
import { intentKey } from '#platform/http/guards/idempotency';
import { paths } from '#platform/http/paths';
import { checkOut } from './check-out.ts';
import { findCardAccount } from '../card-form.ts';
import { loadInvoicables, showCart, takeStoredOption } from '../quotes/index.ts';
import { mergeVisitorCart } from '../cart/index.ts';
import { openCheckoutIntent } from './open-intent.ts';
import { presentCheckout } from './present-checkout.ts';
import { billingProblems } from '../problems.ts';
import { CheckoutBodySchema, CheckoutSchema } from './schemas.ts';

const problems = [
  billingProblems.cart_changed,
  billingProblems.trial_used,
  billingProblems.claim_quantity,
  billingProblems.checkout_in_flight,
  billingProblems.payment_confirmed,
  billingProblems.charge_pending,
  billingProblems.options_undecided,
  billingProblems.currency_mixed,
  billingProblems.beneficiary_unknown,
  billingProblems.payment_unknown,
  paymentsProblems.card_declined,
  paymentsProblems.processor_refused,
  paymentsProblems.card_save_unknown,
  paymentsProblems.charge_too_small,
  paymentsProblems.action_required,
  paymentsProblems.charge_unit_refused,
  paymentsProblems.charge_too_large,
  paymentsProblems.payment_method_absent,
  paymentsProblems.intent_unknown,
  paymentsProblems.intent_foreign,
  paymentsProblems.intent_used,
  paymentsProblems.intent_unusable,
  paymentsProblems.processor_unreachable,
  paymentsProblems.processor_setup,
];

/** Routes of the quote and the checkout of a profile. */
export function checkoutRoutes(app: App, processors: Processors): void {
  const params = Type.Object({ profile: Type.String() });
  app.get(
    '/api/billing/:profile/checkout',
    {
      config: { access: { kind: 'provider' }, problems: [billingProblems.beneficiary_unknown] },
      schema: {
        tags: ['billing'],
        summary: 'Retrieves the quote of the cart',
        description:
          'Returns the lines that the profile would pay for the cart of the caller, with the options of each. A checkout charges the lines that were shown last. A manager of the profile gets the secret of a payment of these lines (`STRIPE_INTENT_SECRET`), which the browser can confirm on the account `STRIPE_ACCOUNT` and whose key is then the token of the checkout. It is null if nothing is to pay, options are open, or the payment processor does not respond.',
        params,
        response: { 200: CheckoutSchema },
      },
    },
    async (request) => quoteCart(request, processors),
  );

  app.post(
    '/api/billing/:profile/checkout',
    {
      config: { access: { kind: 'direct' }, problems },
      schema: {
        tags: ['billing'],
        summary: 'Checks out the cart',
        description:
          'Without `items`, each line with options takes its first one: a single period. `items` has one entry for each line. An order that differs from what was last shown, or from what `cart_version` names, is refused with `cart_changed` and the new lines. `processor_token` is the token of a card, or the key of the payment that the browser confirmed (`pi_…`): a paid one whose order is refused goes back to its payer.',
        params,
        body: CheckoutBodySchema,
        response: { 200: Type.Object({}), 201: ChargeSchema },
      },
    },
    async (request, reply) => {
      const { ctx, body } = request;
      const { payer_id, owner } = getPayerId(request);
      await fillAddress(ctx, payer_id, body);
      const charge = await checkOutOrNothing({ ...ctx, processors }, payer_id, owner, {
        choices: body.items,
        token: body.processor_token ?? null,
        remember_card: body.remember_card ?? false,
        cart_version: body.cart_version ?? null,
        key: intentKey(request, 'charge'),
        save_key: intentKey(request, 'card'),
      }).catch(async (error: unknown) => {
        throw await withNewLines({ ...ctx, processors }, request, error);
      });
      if (charge === null) return reply.status(200).send({});
      reply.status(201).header('location', paths.receipt(canonicalName(request.params.profile), charge.processor_key));
      return presentCharge(charge);
    },
  );
}

async function quoteCart(request: FastifyRequest, processors: Processors) {
  const ctx = { ...request.ctx, processors };
  await mergeVisitorCart(ctx);
  const { payer, owner } = await getPayer(request);
  const shown = await showCart(ctx, payer, owner, { sellers: sellersSeenBy(request.subject) });
  // Only the payer gets the secret of a payment: it shows the amount, and can be paid with.
  const secret = isOwnManager(request.subject) ? await openCheckoutIntent(ctx, payer, shown) : null;
  return presentOrder(ctx, payer, shown, secret);
}

async function presentOrder(
  ctx: PaymentContext,
  payer: Profile,
  invoicables: readonly Invoicable[],
  secret: string | null = null,
) {
  const at = ctx.clock.now();
  const offered = { unit: invoicables[0]?.plan.unit ?? '', invoicables: invoicables.map(takeStoredOption) };
  const account = await findCardAccount(ctx.db, ctx.processors, offered);
  return presentCheckout(ctx.db, {
    payer,
    invoicables,
    processor: browserKeys(ctx.processors.chosen, account, secret),
    origin: ctx.origin,
    at,
  });
}

/** Adds the current lines to a `cart_changed` problem. They are not recorded as shown. */
async function withNewLines(ctx: PaymentContext, request: FastifyRequest, error: unknown): Promise<unknown> {
  if (!(error instanceof Problem) || error.code !== billingProblems.cart_changed.code) return error;
  const { payer, owner } = await getPayer(request);
  const invoicables = await loadInvoicables(ctx.db, { payer, owner, at: ctx.clock.now() });
  const { cart_version, results } = await presentOrder(ctx, payer, invoicables);
  return billingProblems.cart_changed({
    detail: error.message,
    location: paths.checkout(payer.slug),
    members: { cart_version, results },
    cause: error,
  });
}

/**
 * Returns null for an empty cart: the API responds with 200, as to an order with a total of zero. A request that names
 * a payment paid nothing then, and is refused.
 * @throws the problems of checkOut
 */
async function checkOutOrNothing(
  ...[ctx, payer_id, owner, input]: Parameters<typeof checkOut>
): ReturnType<typeof checkOut> {
  try {
    return await checkOut(ctx, payer_id, owner, input);
  } catch (error) {
    const isEmpty = error instanceof Problem && error.code === billingProblems.cart_empty.code;
    if (isEmpty && !namesPayment(ctx, input.token)) return null;
    throw error;
  }
}
