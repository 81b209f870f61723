import type { Static } from 'typebox';
import { accounts, type Entry } from '#ledger';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { presentApiAnswer } from '#platform/pages/details/api-answer';
import type { EffectLine } from '#platform/pages/details/effect';
import type { ShownMoney } from '#platform/pages/details/fact';
import { presentTimeline, type TimelineEvent } from '#platform/pages/details/timeline';
import { withNext } from '#platform/http/next';
import { presentCharge } from '../charges/index.ts';
import type { Charge } from '../records/index.ts';
import type { ChargeParts } from './charge-page-type.ts';
import { chargePill } from './charge-pill.ts';
import { loadSoldCharge, type SoldCharge } from './load-sold-charge.ts';
import { viewDisputes } from './view-disputes.ts';
import { viewWarnings } from './view-warnings.ts';

type ChargeView = Static<typeof ChargeParts>;
type Money = Static<typeof ShownMoney>;

/** Returns the page at a processor on which a dispute is answered; null without one. */
export type FindDisputePage = (dispute: { processor: string; key: string; account: string }) => string | null;

/** Who looks at a charge: `sellers` as in `sellersSeenBy`. */
export interface ChargeReader {
  sellers: readonly ProfileId[] | null;
  disputePage: FindDisputePage;
  /** True if the reader may refund. */
  is_manager: boolean;
  /** Address of the list that the reader came from, or null. */
  back: string | null;
  /** The page of the refund; that below the customer when omitted. */
  refund_path?: string;
}

/** Loads what the page of a charge shows to its seller, or to the broker. */
export async function viewCharge(
  ctx: Context,
  charge: Charge,
  { sellers, disputePage, is_manager, back, refund_path }: ChargeReader,
): Promise<ChargeView> {
  const sold = await loadSoldCharge(ctx.db, charge, sellers);
  const { lines, amount, profiles } = sold;
  const { unit } = charge;
  const customer = profiles.get(charge.profile_id);
  const slug = customer?.slug ?? '';
  const name = customer?.printable_name ?? '';
  const money = (value: number): Money => ({ amount: value, unit });
  const provider_ids = new Set(lines.map(({ item }) => item.provider_id));
  const can_refund = is_manager && charge.state === 'done';
  const base = refund_path ?? paths.refund(slug, charge.processor_key);
  const description = describeLines(sold);
  const paid = lines.reduce((sum, { shares }) => sum + shares.amount, 0);
  return {
    ...menuOf(ctx, profiles, sellers, back),
    profile: { slug, printable_name: name },
    money: money(amount),
    pill: chargePill({ ...charge, amount }, { refunded: refundedOf(sold), was_paid: paid > 0 }),
    customer: { printable_name: name, href: paths.profile(slug) },
    description,
    created_at: charge.created_at.toISOString(),
    warnings: viewWarnings(sold.warnings),
    disputes: viewDisputes(sold.disputes, {
      is_owner: is_manager && isOwner(ctx, charge, sellers),
      sees_all: lines.length === sold.all_lines_count,
      pageOf: ({ processor_key: key }) => disputePage({ processor: charge.processor, key, account: charge.account }),
      now: ctx.clock.now(),
    }),
    lines: lines.map(({ num, item, title, shares, left, ...limits }) => ({
      title,
      seller: provider_ids.size > 1 ? (profiles.get(item.provider_id)?.printable_name ?? null) : null,
      paid: money(item.amount),
      refunded: money(shares.amount - left.amount),
      left: money(charge.state === 'done' ? leftOf(limits) : 0),
      refund_url: can_refund && leftOf(limits) > 0 ? withNext(`${base}?line=${num}`, back) : null,
    })),
    ...effectOf(ctx, sold, sellers),
    timeline: presentTimeline(eventsOf(sold, sellers), nextOf(charge)),
    rows: rowsOf(sold),
    facts: [
      { label: 'Reference', value: charge.processor_key, code: true },
      { label: 'Card', value: cardOf(charge) },
      { label: 'Paid by', value: name, href: paths.profile(slug) },
      { label: 'Date', at: charge.created_at.toISOString() },
    ],
    api: presentApiAnswer(
      paths.apiCharge(slug, charge.processor_key),
      presentCharge({ ...charge, amount, description: apiDescription(charge, sold) }, undefined, ctx.lang),
    ),
    refund_url: can_refund && lines.some((line) => leftOf(line) > 0) ? withNext(base, back) : null,
  };
}

function rowsOf({ entries, profiles }: SoldCharge): ChargeView['rows'] {
  return entries.map((entry) => ({
    from: profiles.get(entry.orig_profile_id)?.printable_name ?? '',
    from_account: entry.orig_account,
    to: profiles.get(entry.dest_profile_id)?.printable_name ?? '',
    to_account: entry.dest_account,
    money: { amount: entry.dest_amount, unit: entry.dest_unit },
  }));
}

/** True if the charge was made on an account of the reader: that of the broker, or the one of a provider. */
function isOwner({ site }: Context, { account }: Charge, sellers: readonly ProfileId[] | null): boolean {
  const is_broker = sellers === null || sellers.includes(site.broker_id);
  return account === '' ? is_broker : sellers !== null && !is_broker;
}

/**
 * Returns the menu of a page of a charge, and the crumb of the list that it was opened from: the broker has the charges
 * of the site, a seller its charges and its funds.
 */
export function menuOf(
  ctx: Context,
  profiles: SoldCharge['profiles'],
  sellers: readonly ProfileId[] | null,
  back: string | null,
): Pick<ChargeView, 'nav_as' | 'crumbs'> {
  const seller = sellers?.[0] === undefined ? undefined : profiles.get(sellers[0]);
  const lists =
    seller === undefined
      ? [{ label: 'Charges', href: paths.charges() }]
      : [
          { label: 'Charges', href: paths.sellerCharges(seller.slug) },
          { label: 'Funds and payouts', href: paths.transfers(seller.slug) },
        ];
  const opened = lists.find(({ href }) => href === back?.split('?')[0]);
  const { label, href } = opened ?? lists[0] ?? { label: 'Charges', href: paths.charges() };
  return {
    nav_as: { profile: seller?.slug ?? ctx.site.slug, current: href },
    crumbs: [{ label, href: opened === undefined ? href : (back ?? href) }],
  };
}

function describeLines({ charge, lines }: SoldCharge): string {
  const [first] = lines;
  if (first === undefined) return charge.description;
  return lines.length > 1 ? `${first.title} and ${lines.length - 1} more` : first.title;
}

/** The text of the API: of a shared charge, sellers see the number of their lines. */
function apiDescription(charge: Charge, { amount, lines, all_lines_count }: SoldCharge): string {
  return amount === charge.amount && lines.length === all_lines_count
    ? charge.description
    : `${lines.length} of ${all_lines_count} items`;
}

function refundedOf({ refunds }: SoldCharge): number {
  return refunds.reduce((sum, { amount, state }) => (state === 'settled' ? sum + amount : sum), 0);
}

function cardOf({ last4, exp_date }: Charge): string | null {
  if (last4 === null) return null;
  return exp_date === null
    ? `ending in ${last4}`
    : `ending in ${last4}, expires ${exp_date.replace(/^(\d{4})-(\d{2}).*$/, '$2/$1')}`;
}

/** What the sellers that are shown receive: the payment, the fees, refunds and disputes. */
function effectOf(
  ctx: Context,
  sold: SoldCharge,
  sellers: readonly ProfileId[] | null,
): Pick<ChargeView, 'effect_title' | 'effect'> {
  const { charge, lines, entries, amount } = sold;
  const money = (value: number, unit: string): Money => ({ amount: value, unit });
  const funds_unit = lines[0]?.funds_unit ?? charge.unit;
  const sum = (of: (line: SoldCharge['lines'][number]) => number) => lines.reduce((total, line) => total + of(line), 0);
  if (sum(({ shares }) => shares.amount) === 0) {
    const label = charge.state === 'failed' ? 'Not paid' : 'Amount';
    return { effect_title: 'What you receive', effect: [{ label, money: money(amount, charge.unit) }] };
  }
  const provider_ids = new Set(lines.map(({ item }) => item.provider_id));
  const is_own = sellers !== null || (provider_ids.size === 1 && provider_ids.has(ctx.site.broker_id));
  const processor_fee = sum(({ shares }) => shares.fee_amount);
  const broker_fee = sum(({ shares }) => shares.broker_fee_amount);
  const received = sum(({ shares }) => shares.distribute_amount);
  const refunded = fundsMoved(entries, provider_ids, accounts.refund);
  const disputed = fundsMoved(entries, provider_ids, accounts.chargeback);
  const effect: EffectLine[] = [
    { label: 'Paid', money: money(amount, charge.unit) },
    ...linesOf('Processor’s fee', -processor_fee, funds_unit),
    ...linesOf('Fee of the site', -broker_fee, funds_unit),
    ...linesOf('Refunds', refunded, funds_unit),
    ...linesOf('Disputes', disputed, funds_unit),
    {
      label: is_own ? 'Your funds' : 'Funds of the sellers',
      money: money(received + refunded + disputed, funds_unit),
      strong: true,
    },
  ];
  return { effect_title: is_own ? 'What you receive' : 'What the sellers receive', effect };
}

function linesOf(label: string, amount: number, unit: string): EffectLine[] {
  return amount === 0 ? [] : [{ label, money: { amount, unit } }];
}

/** Returns what the funds of these profiles received less what they sent, against an account of the processor. */
function fundsMoved(entries: readonly Entry[], provider_ids: ReadonlySet<ProfileId>, account: string): number {
  return entries.reduce((sum, entry) => {
    const is_sent = entry.orig_account === accounts.funds && provider_ids.has(entry.orig_profile_id);
    const is_received = entry.dest_account === accounts.funds && provider_ids.has(entry.dest_profile_id);
    if (is_sent && entry.dest_account === account) return sum - entry.orig_amount;
    if (is_received && entry.orig_account === account) return sum + entry.dest_amount;
    return sum;
  }, 0);
}

function eventsOf(sold: SoldCharge, sellers: readonly ProfileId[] | null): TimelineEvent[] {
  const { charge, refunds, entries, profiles, lines } = sold;
  const at = (date: Date) => date.toISOString();
  const was_paid = lines.some(({ shares }) => shares.amount > 0);
  const events: TimelineEvent[] = [
    {
      icon: 'cart',
      tone: 'neutral',
      parts: [{ text: 'Ordered, sent to the processor' }],
      actor: profiles.get(charge.profile_id)?.printable_name ?? null,
      at: at(charge.created_at),
    },
  ];
  if (charge.settled_at !== null) {
    const card = charge.last4 === null ? 'Paid' : `Paid with the card ending in ${charge.last4}`;
    events.push({
      icon: was_paid ? 'check' : 'x',
      tone: was_paid ? 'good' : 'bad',
      parts: [{ text: was_paid ? card : 'The payment failed, nothing was charged' }],
      actor: null,
      at: at(charge.settled_at),
    });
  }
  for (const [key, own] of Map.groupBy(refunds, (refund) => refund.key)) {
    const [first] = own;
    if (first === undefined) continue;
    const amount = own.reduce((sum, refund) => sum + refund.amount, 0);
    events.push({
      icon: 'undo',
      tone: first.state === 'failed' ? 'bad' : 'neutral',
      parts: [{ money: { amount, unit: charge.unit } }, { text: refund_texts[first.state] ?? key }],
      actor: null,
      at: at(first.updated_at),
    });
  }
  for (const [key, own] of Map.groupBy(entries, ({ event_key }) => event_key)) {
    if (!key.startsWith('dispute:') || own[0] === undefined) continue;
    const is_won = key.endsWith(':reverted');
    events.push({
      icon: is_won ? 'check' : 'alert',
      tone: is_won ? 'good' : 'bad',
      parts: [{ text: is_won ? 'The dispute was won, the money is back' : disputeText(sellers) }],
      actor: null,
      at: at(own[0].created_at),
    });
  }
  return events;
}

const refund_texts: Readonly<Record<string, string>> = {
  reserved: ' are being refunded',
  settled: ' were refunded',
  failed: ' could not be refunded: the processor refused',
};

function disputeText(sellers: readonly ProfileId[] | null): string {
  return `Disputed: the bank took the amount back from ${sellers === null ? 'the funds of the sellers' : 'your funds'}`;
}

function nextOf({ state }: Charge): ChargeView['timeline']['next'] {
  switch (state) {
    case 'created':
      return { text: 'The processor decides about this payment.', at: null };
    case 'disputed':
      return { text: 'The bank of the customer decides about the dispute. Answer it at the processor.', at: null };
    default:
      return { text: 'Nothing more happens by itself.', at: null };
  }
}

/** Returns what a refund of a line may give back: to the card, and as credit. */
export function leftOf({
  refundable,
  credit_left,
}: Pick<SoldCharge['lines'][number], 'refundable' | 'credit_left'>): number {
  return refundable + credit_left;
}
