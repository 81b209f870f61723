import type { Stripe } from 'stripe';
import type { Account } from '../account.ts';
import type { ConnectRequest, PayoutAccount, PayoutOutcome, PayoutReport, PayoutRequest } from '../payout.ts';
import { fromStripe, isPayable, toStripe } from './amounts.ts';
import { isAccessDenied, isMissing, isRefused, withoutBody } from './declined-by.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { isStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

const PAGE = 100;

/** How far back a payout is looked for by its key. It is looked for within hours of its request. */
const LOOK_BACK_S = 30 * 86_400;

/** Stripe shows the bank account of a provider only to the provider. */
const UNSHOWN_BANK = { bank_name: 'Stripe', last4: 'N/A' };

/** Finds a payout by the key of Tollgate or of Stripe; null if there is none. */
export async function findPayout(
  needs: StripeNeeds,
  wanted: { account: Account } & ({ key: string } | { processor_key: string }),
): Promise<PayoutReport | null> {
  if ('processor_key' in wanted) return retrievePayout(needs, wanted);
  const since_s = Math.floor(needs.clock.now().getTime() / 1000) - LOOK_BACK_S;
  for await (const payout of payoutsSince(needs, wanted.account, since_s)) {
    if (payout.metadata?.['tollgate_payout'] === wanted.key) return reportOf(payout);
  }
  return null;
}

/** Yields the payouts of an account since an instant, oldest first. Stripe lists them newest first. */
export async function* walkPayouts(
  needs: StripeNeeds,
  account: Account,
  since: Date,
): AsyncIterable<readonly PayoutReport[]> {
  const newest_first: PayoutReport[] = [];
  const since_s = Math.floor(since.getTime() / 1000);
  for await (const payout of payoutsSince(needs, account, since_s)) newest_first.push(reportOf(payout));
  const reports = newest_first.toReversed();
  for (let start = 0; start < reports.length; start += PAGE) yield reports.slice(start, start + PAGE);
}

function payoutsSince({ client }: StripeNeeds, account: Account, since_s: number): AsyncIterable<Stripe.Payout> {
  return client.payouts.list({ created: { gte: since_s }, limit: PAGE }, callOptions(account));
}

/** The provider is the merchant: it pays the fees of Stripe, bears its losses, and has its own dashboard. */
export async function connectAccount(needs: StripeNeeds, { key, name }: ConnectRequest): Promise<Account> {
  const installation = await needs.installation();
  const account = await needs.client.accounts.create(
    {
      controller: {
        fees: { payer: 'account' },
        losses: { payments: 'stripe' },
        stripe_dashboard: { type: 'full' },
        requirement_collection: 'stripe',
      },
      capabilities: { card_payments: { requested: true } },
      business_profile: { name },
      metadata: { tollgate_site: installation },
    },
    // Several sites may use one account of Stripe.
    callOptions('', `acct:${installation}:${key}`),
  );
  return requireObject(account, 'account').id;
}

/**
 * Ends the access to an account. Stripe refuses to delete one that the provider controls: the provider ends the access
 * in its own dashboard, and Tollgate makes no further call on it.
 */
export async function disconnectAccount({ client, log }: StripeNeeds, account: Account): Promise<void> {
  if (!isStripeId(account, 'account')) return;
  try {
    await client.accounts.del(account, {}, callOptions(''));
  } catch (error) {
    if (!isRefused(error) && !isAccessDenied(error)) throw error;
    log.info({ err: withoutBody(error), account }, 'account at Stripe not deleted');
  }
}

/** Returns the bank account of an account, and what is available in its main currency; null without access to it. */
export async function getPayoutAccount({ client }: StripeNeeds, account: Account): Promise<PayoutAccount | null> {
  if (account !== '' && !isStripeId(account, 'account')) return null;
  try {
    const found = await (account === '' ? client.accounts.retrieveCurrent() : client.accounts.retrieve(account));
    const unit = found.default_currency ?? 'usd';
    const banks = (found.external_accounts?.data ?? []).flatMap((each) => (each.object === 'bank_account' ? each : []));
    const bank = banks.find((each) => each.currency === unit && each.default_for_currency === true) ?? banks[0];
    const balance = await client.balance.retrieve({}, callOptions(account));
    const available = balance.available.reduce((sum, each) => sum + (each.currency === unit ? each.amount : 0), 0);
    return {
      ...(bank ? { bank_name: bank.bank_name ?? UNSHOWN_BANK.bank_name, last4: `***-${bank.last4}` } : UNSHOWN_BANK),
      available: fromStripe(available, unit),
    };
  } catch (error) {
    if (isAccessDenied(error) || isMissing(error)) return null;
    throw error;
  }
}

/** Pays out under the key of the payout, which is in the metadata too. */
export async function payOut(needs: StripeNeeds, request: PayoutRequest): Promise<PayoutOutcome> {
  const { account, key, unit } = request;
  if (!isPayable(request)) return { outcome: 'refused', detail: `Amounts in ${unit} are paid out in whole units.` };
  try {
    const payout = await needs.client.payouts.create(
      {
        amount: toStripe(request),
        currency: unit,
        metadata: { tollgate_site: await needs.installation(), tollgate_payout: key },
      },
      callOptions(account, key),
    );
    return { outcome: 'accepted', payout: reportOf(requireObject(payout, 'payout')) };
  } catch (error) {
    if (isAccessDenied(error))
      return { outcome: 'refused', detail: 'The payment processor denies the access to this account.' };
    if (!isRefused(error)) throw error;
    const isLow = error.code === 'balance_insufficient' || error.code === 'insufficient_funds';
    const detail = isLow
      ? 'The balance at the payment processor is too low for this payout.'
      : 'The payment processor refused the payout.';
    return { outcome: 'refused', detail };
  }
}

async function retrievePayout(
  { client }: StripeNeeds,
  { account, processor_key }: { account: Account; processor_key: string },
): Promise<PayoutReport | null> {
  if (!isStripeId(processor_key, 'payout')) return null;
  try {
    return reportOf(requireObject(await client.payouts.retrieve(processor_key, {}, callOptions(account)), 'payout'));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function reportOf({ id, amount, currency, created, metadata, status }: Stripe.Payout): PayoutReport {
  return {
    processor_key: id,
    key: metadata?.['tollgate_payout'] ?? null,
    ...fromStripe(amount, currency),
    state: status === 'paid' ? 'paid' : status === 'failed' || status === 'canceled' ? 'failed' : 'pending',
    created_at: new Date(created * 1000),
  };
}
