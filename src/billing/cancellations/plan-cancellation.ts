import type { LedgerSubject } from '#ledger';
import { unearned } from '#kernel/position';
import type { ChargeId, LedgerEntryId, OrderLineId, PlanId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { type ChargedPart, findChargedParts } from '#payments';
import { findOpenPause, type Pause } from '#subscriptions';
import { findNotableLines, forgivenPart } from '../credits/index.ts';
import type { Running } from '../pauses/index.ts';
import { type Coverage, findCoverages, findFrozen } from '../recognition/index.ts';
import { billingProblems } from '../problems.ts';
import { type CancelTime, type LineRefund, mayChooseRefund, type RefundChoice, splitRefund } from './cancellation.ts';
import { findPendingPlan, findRenewalsAhead } from './cancellation-store.ts';

/** What a caller asks for. */
export interface CancelWish {
  at: CancelTime;
  refund: RefundChoice;
}

/** Amount that is paid back on one line of a charge. */
interface CardPart {
  charge_id: ChargeId;
  num: number;
  amount: number;
}

/** An order line whose unearned time is given back. */
export interface CancelledLine extends LineRefund {
  order_line_id: OrderLineId;
  /** Subject of its entries; absent from cancellations that were stored before it was kept. */
  subject?: LedgerSubject;
  covers_from: Date;
  covers_to: Date;
  cards: CardPart[];
}

/** A cancellation as it would be executed at an instant. */
export interface CancelPlan {
  /**
   * Which time is taken: all that is left, that which stands still with what was bought since, renewals that have not
   * begun, or none.
   */
  closes: 'all' | 'frozen' | 'ahead' | 'none';
  /** `now` also for a paused subscription, which ends at once. */
  at: CancelTime;
  ends_at: Date;
  lines: CancelledLine[];
  refund_amount: number;
  credit_amount: number;
  unit: string;
  pause: Pause | undefined;
  pending_plan_id: PlanId | null;
}

/**
 * Decides a cancellation at an instant; writes nothing.
 * @throws refund_not_offered, payment_disputed (409)
 */
export async function planCancellation(
  reader: Reader,
  running: Running,
  wish: CancelWish,
  at: Date,
): Promise<CancelPlan> {
  const { subscription, plan } = running;
  if (!mayChooseRefund(wish.refund, running, at)) throw billingProblems.refund_not_offered();
  const is_frozen = subscription.paused_at !== null || subscription.suspended_at !== null;
  const is_now = wish.at === 'now' || is_frozen;
  if (!is_now && wish.refund !== 'none') throw billingProblems.refund_not_offered();
  const [ahead, pause, pending_plan_id] = await mergeReads(reader, [
    async (together): Promise<OrderLineId[]> => (is_now ? [] : findRenewalsAhead(together, subscription.id, at)),
    (together) => findOpenPause(together, subscription.id),
    (together) => findPendingPlan(together, subscription.id),
  ]);
  const closes = is_now
    ? wish.refund === 'none'
      ? 'none'
      : is_frozen
        ? 'frozen'
        : 'all'
    : ahead.length > 0
      ? 'ahead'
      : 'none';
  const time = await findTime(reader, subscription.id, { closes, ahead }, at);
  const lines = await splitLines(reader, time, closes === 'ahead' ? 'unused' : wish.refund, at);
  const begins = time.map(({ from }) => from.getTime());
  // Instants are cut to whole seconds: a subscription may have begun later in the same second.
  const stops_at = subscription.created_at > at ? subscription.created_at : at;
  const ends_at = is_now ? stops_at : closes === 'ahead' ? new Date(Math.min(...begins)) : subscription.ends_at;
  const sum = (of: (line: CancelledLine) => number) => lines.reduce((total, line) => total + of(line), 0);
  return {
    closes,
    at: is_now ? 'now' : 'period_end',
    ends_at,
    lines,
    refund_amount: sum(({ unused, used }) => unused + used),
    credit_amount: sum(({ credit }) => credit),
    unit: plan.unit,
    pause,
    pending_plan_id,
  };
}

/**
 * Reads the time that a cancellation takes. Of a subscription that stands still that is also what was bought since: it
 * follows the rest, and has not begun.
 */
async function findTime(
  reader: Reader,
  id: SubscriptionId,
  { closes, ahead }: { closes: CancelPlan['closes']; ahead: readonly OrderLineId[] },
  at: Date,
): Promise<LeftTime[]> {
  if (closes === 'none') return [];
  const [frozen, open] = await mergeReads(reader, [
    async (together) => (closes === 'frozen' ? findFrozen(together, id) : []),
    (together) => findCoverages(together, id, at),
  ]);
  const left = open
    .filter(({ starts_at, ends_at }) => ends_at > starts_at)
    .filter(({ order_line_id }) => closes !== 'ahead' || ahead.includes(order_line_id));
  return [
    ...frozen.map((each) => ({ ...each, amount_left: each.amount, from: at, to: at })),
    ...left.map((each) => ({
      ...each,
      amount_left: unearned(each.amount, each, at),
      from: each.starts_at > at ? each.starts_at : at,
      to: each.ends_at,
    })),
  ];
}

interface LeftTime extends Pick<Coverage, 'order_line_id' | 'ledger_entry_id' | 'subject'> {
  amount_left: number;
  from: Date;
  to: Date;
}

async function splitLines(
  reader: Reader,
  time: readonly LeftTime[],
  choice: RefundChoice,
  at: Date,
): Promise<CancelledLine[]> {
  if (choice === 'none' || time.length === 0) return [];
  const groups = Map.groupBy(time, ({ order_line_id }) => order_line_id);
  const entry_ids = time.map(({ ledger_entry_id }) => ledger_entry_id);
  const [notable, parts] = await mergeReads(reader, [
    (together) => findNotableLines(together, [...groups.keys()], at),
    (together) => findChargedParts(together, entry_ids),
  ]);
  if (parts.some(({ state }) => state === 'disputed')) throw billingProblems.payment_disputed();
  return [...groups].flatMap(([order_line_id, own]): CancelledLine[] => {
    const order = notable.get(order_line_id);
    const [first] = own;
    if (!order || !first) return [];
    const amount = own.reduce((total, { amount_left }) => total + amount_left, 0);
    const cards = refundableParts(parts, first.ledger_entry_id);
    const refundable = cards.reduce((total, each) => total + each.amount, 0);
    const line = {
      amount,
      unpaid: order.unpaid,
      price: order.price - order.noted_due,
      refunded: order.refunded,
      charged_back: order.charged_back,
      refundable: choice === 'credit' ? 0 : refundable,
    };
    const split = splitRefund(line, choice === 'credit' ? 'unused' : choice);
    const covers = { covers_from: first.from, covers_to: own.at(-1)?.to ?? first.to };
    const forgiven = forgivenPart(order, split.due);
    const { subject } = first;
    return [
      { order_line_id, subject, ...covers, ...split, forgiven, cards: takeParts(cards, split.unused + split.used) },
    ];
  });
}

/** Returns what the paid lines of charges for an order still allow, oldest first. */
function refundableParts(parts: readonly ChargedPart[], entry_id: LedgerEntryId): CardPart[] {
  return parts.flatMap(({ invoiced_entry_id, state, charge_id, num, amount, noted_amount, refunded, paid_out }) => {
    const left = amount - refunded - paid_out - noted_amount;
    return invoiced_entry_id === entry_id && state === 'done' && left > 0 ? [{ charge_id, num, amount: left }] : [];
  });
}

/** Returns parts up to an amount, in their order. */
function takeParts(parts: readonly CardPart[], amount: number): CardPart[] {
  let left = amount;
  return parts.flatMap((part) => {
    const taken = Math.min(left, part.amount);
    left -= taken;
    return taken > 0 ? [{ ...part, amount: taken }] : [];
  });
}
