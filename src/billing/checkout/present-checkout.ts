import { formatMoney } from '#kernel/money';
import { accounts } from '#ledger';
import { paths } from '#platform/http/paths';
import { extraFromText } from '#platform/http/schemas';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import type { browserKeys } from '#payments';
import { presentProfileSummary, type Profile, findProfileSummaries } from '#profiles';
import { cartVersion, type Invoicable, type Line, type Seat } from '../records/index.ts';
import { loadCredit } from './quote-credit.ts';

export interface CheckoutView {
  payer: Profile;
  invoicables: readonly Invoicable[];
  processor: ReturnType<typeof browserKeys>;
  origin: string;
  at: Date;
}

/**
 * Presents a quote to the API. Lines and options have the members of the ledger transactions that the order will post.
 */
export async function presentCheckout(reader: Reader, view: CheckoutView) {
  const { payer, invoicables, at } = view;
  const [summaries, credit] = await mergeReads(reader, [
    (together) => findProfileSummaries(together, profileIdsOf(view)),
    (together) => loadCredit(together, payer.id, invoicables),
  ]);
  const summaryOf = (id: Profile['id']) => {
    const summary = summaries.get(id);
    if (!summary) throw new Error(`profile ${id} of an order is missing`);
    return presentProfileSummary(summary);
  };
  const transaction = (line: Line) => ({
    created_at: at.toISOString(),
    description: line.description,
    amount: formatMoney(line),
    is_debit: false,
    orig_account: line.kind === 'balance' && line.entry_id === null ? accounts.settled : accounts.receivable,
    orig_profile: summaryOf(line.provider_id),
    orig_amount: line.amount,
    orig_unit: line.unit,
    dest_account: line.kind === 'balance' && line.entry_id === null ? accounts.settled : accounts.payable,
    dest_profile: summaryOf(payer.id),
    dest_amount: line.amount,
    dest_unit: line.unit,
  });
  return {
    processor: { ...view.processor },
    credit,
    cart_version: cartVersion(invoicables),
    results: invoicables.map(({ subscription, beneficiary, seat, plan, lines, options, trial_available = false }) => ({
      subscription: {
        created_at: subscription?.created_at.toISOString() ?? null,
        ends_at: (subscription?.ends_at ?? at).toISOString(),
        description: subscription?.description ?? null,
        profile: beneficiary ? summaryOf(beneficiary.id) : presentSeat(seat, at),
        plan: { slug: plan.slug, title: plan.title },
        auto_renew: subscription?.auto_renew ?? plan.renewal_type === 'auto-renew',
        extra: extraFromText(subscription?.extra ?? null),
        grant_key: null,
        request_key: null,
        app_url: `${view.origin}${beneficiary ? paths.app(beneficiary.slug, `${plan.slug}/`) : paths.app()}`,
      },
      trial_available,
      lines: lines.map(transaction),
      options: options.map(transaction),
    })),
  };
}

function profileIdsOf({ payer, invoicables }: CheckoutView): Profile['id'][] {
  return [
    payer.id,
    ...invoicables.flatMap((each) => [
      ...(each.beneficiary ? [each.beneficiary.id] : []),
      ...[...each.lines, ...each.options].map((line) => line.provider_id),
    ]),
  ];
}

/** Presents a person without an account with the members of a profile. */
function presentSeat(seat: Seat | undefined, at: Date) {
  return {
    slug: '',
    printable_name: seat?.full_name || seat?.email || '',
    picture: null,
    type: 'user' as const,
    credentials: false,
    created_at: at.toISOString(),
  };
}
