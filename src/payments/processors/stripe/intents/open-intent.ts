import type { Stripe } from 'stripe';
import { sha256Hex } from '#platform/security/crypto';
import type {
  IntentRef,
  IntentTerms,
  IntentToOpen,
  OpenedIntent,
  PaymentToKeep,
  PaymentToOpen,
} from '../../intents.ts';
import { fromStripe, toStripe } from '../amounts.ts';
import { retrieveIntent } from '../cancel-intent.ts';
import { isMissing, isOver, withoutBody } from '../declined-by.ts';
import { withCustomer } from '../ensure-customer.ts';
import { siteFacts } from '../site-facts.ts';
import { suffixOf, suffixParam } from '../statement-suffix.ts';
import { callOptions, requireObject } from '../stripe-client.ts';
import { requireStripeId } from '../stripe-id.ts';
import type { StripeNeeds } from '../stripe-needs.ts';

/** States in which the amount of a payment can be changed. */
const CHANGEABLE: ReadonlySet<string> = new Set([
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
]);

/**
 * Opens a payment for the browser of the payer. Its key has all that it takes, so that two requests at the same time
 * open one.
 */
export async function openPayment(needs: StripeNeeds, wanted: PaymentToOpen): Promise<OpenedIntent> {
  const { account, amount, broker_fee_amount, cart_version, generation, profile_id, unit } = wanted;
  const facts = await siteFacts(needs, wanted);
  const fee = broker_fee_amount === 0 ? '' : `:${broker_fee_amount}`;
  const suffix = await suffixOf(needs, wanted.provider_id);
  // A key is no place for a name.
  const named = suffix === undefined ? '' : `:${sha256Hex(suffix).slice(0, 8)}`;
  const cart = `${cart_version}:${amount}:${account}${fee}`;
  const key = `co:${facts['tollgate_site']}:${profile_id}:${cart}${named}${partOf(generation)}`;
  const intent = await withCustomer(needs, { account, key, payer: { profile_id } }, (customer, own_key) =>
    needs.client.paymentIntents.create(
      {
        amount: toStripe({ amount, unit }),
        currency: unit,
        customer,
        // With the default the answer has no balance transaction, so the charge could not be booked with it.
        capture_method: 'automatic',
        automatic_payment_methods: { enabled: true },
        setup_future_usage: 'off_session',
        ...(broker_fee_amount === 0 ? {} : { application_fee_amount: feeOf(wanted) }),
        ...suffixParam(suffix),
        metadata: facts,
      },
      callOptions(account, own_key),
    ),
  );
  return opened(requireObject(intent, 'payment_intent'));
}

/** Changes an open payment to other amounts; null if it is over, or was paid with others. */
export async function keepPayment(
  needs: StripeNeeds,
  ref: IntentRef,
  terms: PaymentToKeep,
): Promise<OpenedIntent | null> {
  const intent = await findIntent(needs, ref);
  if (intent === null || intent.status === 'canceled') return null;
  const { amount } = fromStripe(intent.amount, intent.currency);
  const fee = terms.broker_fee_amount === 0 ? 0 : feeOf(terms);
  const suffix = await suffixOf(needs, terms.provider_id);
  const isSame =
    amount === terms.amount &&
    intent.currency === terms.unit &&
    (intent.application_fee_amount ?? 0) === fee &&
    (intent.statement_descriptor_suffix ?? '') === (suffix ?? '');
  if (isSame) return opened(intent);
  if (isOver(intent) || !CHANGEABLE.has(intent.status) || intent.currency !== terms.unit) return null;
  const hasFee = fee !== 0 || intent.application_fee_amount !== null;
  const changed = await needs.client.paymentIntents.update(
    intent.id,
    {
      amount: toStripe(terms),
      ...(hasFee ? { application_fee_amount: fee === 0 ? '' : fee } : {}),
      statement_descriptor_suffix: suffix ?? '',
    },
    callOptions(ref.account),
  );
  return opened(requireObject(changed, 'payment_intent'));
}

/** Opens a card to keep for the browser of the payer, on the account of the broker. */
export async function openSetup(needs: StripeNeeds, wanted: IntentToOpen): Promise<OpenedIntent> {
  const { generation, profile_id } = wanted;
  const facts = await siteFacts(needs, wanted);
  const key = `si:${facts['tollgate_site']}:${profile_id}${partOf(generation)}`;
  const intent = await withCustomer(needs, { account: '', key, payer: { profile_id } }, (customer, own_key) =>
    needs.client.setupIntents.create(
      { customer, usage: 'off_session', automatic_payment_methods: { enabled: true }, metadata: facts },
      callOptions('', own_key),
    ),
  );
  return opened(requireObject(intent, 'setup_intent'));
}

/** Returns a card to keep that still waits for its card; null for any other. */
export async function keepSetup(
  { client }: StripeNeeds,
  { intent_key, account }: IntentRef,
): Promise<OpenedIntent | null> {
  try {
    const id = requireStripeId(intent_key, 'setup_intent');
    const intent = requireObject(await client.setupIntents.retrieve(id, {}, callOptions(account)), 'setup_intent');
    return intent.status === 'requires_payment_method' ? opened(intent) : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Cancels a payment that another one replaces. If it cannot be canceled and is paid, no order wants it. */
export async function cancelPayment(needs: StripeNeeds, { intent_key, account }: IntentRef): Promise<void> {
  try {
    await needs.client.paymentIntents.cancel(requireStripeId(intent_key, 'intent'), {}, callOptions(account));
  } catch (error) {
    needs.log.info({ err: withoutBody(error), intent_key }, 'payment not canceled');
  }
}

async function findIntent(needs: StripeNeeds, { intent_key, account }: IntentRef) {
  try {
    return await retrieveIntent(needs, intent_key, account);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function feeOf({ broker_fee_amount, unit }: IntentTerms): number {
  return toStripe({ amount: broker_fee_amount, unit });
}

function partOf(generation: number): string {
  return generation === 1 ? '' : `:${generation}`;
}

function opened({ id, client_secret }: Stripe.PaymentIntent | Stripe.SetupIntent): OpenedIntent {
  if (client_secret === null) throw new Error('an intent came without its secret');
  return { intent_key: id, client_secret };
}
