import type { ChangeMode, Plan } from '#catalog';
import { wholeAmount } from '#kernel/money';
import type {
  ChangedTerms,
  ChangeFacts,
  ChangeRequest,
  ClosedCoverage,
  OrderedLine,
  PlannedChange,
  PlannedNote,
} from './change.ts';
import { changeDirection, chooseMode, offeredMode } from './direction.ts';
import { closeAll, planNotes, removeSeats } from './close-coverages.ts';
import {
  freeLine,
  isRenewing,
  periodsOf,
  quantityOptions,
  restLines,
  seatLines,
  setupLines,
  trialLine,
  wholeLines,
} from './order-lines.ts';
import { creditOf, pay, sum } from './pay-change.ts';
import { enterQuotas, lostUses, type QuotaRule } from './quotas.ts';
import { type ChangeRefusal, refuseOption, refuseQuantity } from './refuse-change.ts';

const DAY_MS = 86_400_000;

/** What a mode does with time and money. */
interface Effect {
  period: 'kept' | 'restarted';
  terms: Omit<ChangedTerms, 'quantity' | 'auto_renew'>;
  closed: readonly ClosedCoverage[];
  notes: readonly PlannedNote[];
  ordered: readonly OrderedLine[];
  lost_discount: number;
  quota_rule: QuotaRule | null;
}

/**
 * Decides a change of plan or quantity at an instant: what is credited, ordered, collected and charged, and the row of
 * the subscription after it. Returns the reason why the change is refused instead. Pure.
 */
export function planChange(
  facts: ChangeFacts,
  request: ChangeRequest,
  at: Date,
): { planned: PlannedChange } | { refusal: ChangeRefusal } {
  const { subscription, from, to } = facts;
  const is_same_plan = from.id === to.id;
  const quantity = { from: subscription.quantity, to: wantedQuantity(facts, request) };
  if (is_same_plan && quantity.from === quantity.to) return { refusal: { code: 'change_same_plan' } };
  const refusal = refuseQuantity(to, quantity.to, request) ?? refuseOption(facts, quantity.to, request, at);
  if (refusal !== null) return { refusal };
  const direction = changeDirection(
    { plan: from, quantity: quantity.from },
    { plan: to, quantity: quantity.to },
    is_same_plan,
  );
  const chosen = chooseMode(offeredMode(to, direction), request);
  if ('refusal' in chosen) return { refusal: { code: chosen.refusal } };
  const { mode } = chosen;
  const facts_of_change = { direction, mode, quantity };
  if (mode === 'period_end') return { planned: planPending(facts, request, facts_of_change) };
  const effect = is_same_plan
    ? seatsEffect(facts, quantity, mode, at)
    : isInTrial(facts, at)
      ? trialEffect(facts, request, quantity.to, at)
      : planEffect(facts, request, { mode, quantity: quantity.to }, at);
  return { planned: planNow(facts, request, { ...facts_of_change, at }, effect) };
}

type Decided = Pick<PlannedChange, 'direction' | 'mode' | 'quantity'>;

/** Returns the quantity after the change: the one asked for, else the present one as far as the plan has it. */
function wantedQuantity({ subscription, from, to }: ChangeFacts, { quantity }: ChangeRequest): number {
  if (quantity !== null) return quantity;
  if (from.id === to.id) return subscription.quantity;
  if (to.quantity_max === null) return 1;
  return Math.min(Math.max(subscription.quantity, to.quantity_min), to.quantity_max);
}

function isInTrial({ subscription: { trial_ends_at } }: ChangeFacts, at: Date): boolean {
  return trial_ends_at !== null && trial_ends_at > at;
}

/** True if the periods of the plan entered have the boundaries of the plan that is left. */
function hasSamePeriods(from: Plan, to: Plan): boolean {
  return from.period_type === to.period_type && from.period_length === to.period_length;
}

function planEffect(
  facts: ChangeFacts,
  { option }: ChangeRequest,
  { mode, quantity }: { mode: Exclude<ChangeMode, 'refused' | 'period_end'>; quantity: number },
  at: Date,
): Effect {
  const { subscription, from, to, lines } = facts;
  const isSame = hasSamePeriods(from, to);
  if (mode === 'none') {
    const { anchor_at, ends_at } = subscription;
    return {
      period: isSame ? 'kept' : 'restarted',
      terms: { anchor_at: isSame ? anchor_at : ends_at, ends_at, trial_ends_at: null },
      closed: [],
      notes: [],
      ordered: [freeLine(to, quantity, at, ends_at)],
      lost_discount: 0,
      quota_rule: 'less_uses',
    };
  }
  const closed = mode === 'prorate' ? closeAll(lines, at) : [];
  const is_kept = mode === 'prorate' && isSame && option === 1;
  const priced = is_kept ? restLines(facts, quantity, at) : wholeLines(facts, quantity, option, at);
  if (priced === null) throw new Error('the option was checked');
  const anchor_at = is_kept ? subscription.anchor_at : at;
  return {
    period: is_kept ? 'kept' : 'restarted',
    terms: { anchor_at, ends_at: endOf(priced.lines, at), trial_ends_at: null },
    closed,
    notes: planNotes(lines, closed, { at, seats: null }),
    ordered: [...priced.lines, ...setupLines(facts)],
    lost_discount: priced.lost_discount,
    quota_rule: is_kept ? 'accrued' : 'whole',
  };
}

/** The trial ends. A plan whose trial the subscriber never had continues it, at most for the days that are left. */
function trialEffect(facts: ChangeFacts, { option }: ChangeRequest, quantity: number, at: Date): Effect {
  const { subscription, to, lines, had_trial } = facts;
  const closed = closeAll(lines, at);
  const base = { period: 'restarted', closed, notes: [], quota_rule: 'whole' } as const;
  if (to.trial_days > 0 && !had_trial && subscription.trial_ends_at !== null) {
    const longest = at.getTime() + to.trial_days * DAY_MS;
    const ends_at = new Date(Math.min(subscription.trial_ends_at.getTime(), longest));
    const terms = { anchor_at: ends_at, ends_at, trial_ends_at: ends_at };
    return { ...base, terms, ordered: [trialLine(facts, quantity, at, ends_at)], lost_discount: 0 };
  }
  const priced = wholeLines(facts, quantity, option, at);
  if (priced === null) throw new Error('the option was checked');
  const terms = { anchor_at: at, ends_at: endOf(priced.lines, at), trial_ends_at: null };
  return { ...base, ...priced, terms, ordered: [...priced.lines, ...setupLines(facts)] };
}

function seatsEffect(
  facts: ChangeFacts,
  quantity: PlannedChange['quantity'],
  mode: Exclude<ChangeMode, 'refused' | 'period_end'>,
  at: Date,
): Effect {
  const { subscription, lines } = facts;
  const { anchor_at, ends_at, trial_ends_at } = subscription;
  const added = quantity.to - quantity.from;
  const is_free = mode === 'none' || isInTrial(facts, at);
  const closed = added < 0 && mode === 'prorate' && !is_free ? removeSeats(lines, -added, at) : [];
  return {
    period: 'kept',
    terms: { anchor_at, ends_at, trial_ends_at },
    closed,
    notes: planNotes(lines, closed, { at, seats: -added }),
    ordered: added > 0 && !is_free ? seatLines(facts, added, { at, is_whole: mode === 'full' }) : [],
    lost_discount: 0,
    quota_rule: null,
  };
}

function endOf(lines: readonly OrderedLine[], at: Date): Date {
  return new Date(Math.max(at.getTime(), ...lines.map(({ covers_to }) => covers_to?.getTime() ?? 0)));
}

function planNow(
  facts: ChangeFacts,
  request: ChangeRequest,
  { at, ...decided }: Decided & { at: Date },
  effect: Effect,
): PlannedChange {
  const { subscription, from, to, quota_rows } = facts;
  const { period, closed, notes, ordered, lost_discount, quota_rule } = effect;
  const terms = { ...effect.terms, quantity: decided.quantity.to, auto_renew: isRenewing(to) };
  const covers_to = endOf(ordered, terms.ends_at);
  const periods = periodsOf(to, subscription.anchor_at);
  return {
    ...decided,
    at: 'now',
    effective_at: at,
    period,
    covers_from: at,
    covers_to,
    ...nextCharge(to, terms),
    terms,
    closed,
    notes,
    ordered,
    promised: null,
    ...pay(facts, request, notes, ordered),
    quotas: quota_rule === null ? [] : enterQuotas(to.use_charges, quota_rows, { rule: quota_rule, periods, at }),
    lost_discount,
    lost_uses: from.id === to.id ? [] : lostUses(to.use_charges, quota_rows.at(-1)?.uses ?? []),
    withdraws_cancellation: withdrawsCancellation(facts),
    replaces_pending: facts.has_pending,
  };
}

function planPending(facts: ChangeFacts, request: ChangeRequest, decided: Decided): PlannedChange {
  const { subscription, from, to, quota_rows } = facts;
  const { anchor_at, ends_at: effective_at, trial_ends_at } = subscription;
  const is_kept = hasSamePeriods(from, to) && request.option === 1;
  const anchor = is_kept ? anchor_at : effective_at;
  const terms = { coupon: null, from: effective_at, anchor };
  const option = quantityOptions(to, decided.quantity.to, terms)[request.option - 1];
  if (!option) throw new Error('the option was checked');
  const credit = creditOf(facts);
  const setup_amount = sum(setupLines(facts).map(({ amount }) => amount));
  const periods = periodsOf(to, anchor_at);
  return {
    ...decided,
    at: 'period_end',
    effective_at,
    period: is_kept ? 'kept' : 'restarted',
    covers_from: effective_at,
    covers_to: option.covers_to,
    next_charge_at: new Date(effective_at.getTime() - DAY_MS),
    next_charge_amount: option.amount + setup_amount,
    terms: {
      quantity: decided.quantity.to,
      anchor_at: anchor,
      ends_at: option.covers_to,
      trial_ends_at,
      auto_renew: isRenewing(to),
    },
    closed: [],
    notes: [],
    ordered: [],
    collected: [],
    promised: { amount: option.amount, setup_amount },
    credit: { before: credit, noted: 0, used: 0, after: credit },
    charge_amount: 0,
    due_after: 0,
    quotas:
      from.id === to.id ? [] : enterQuotas(to.use_charges, quota_rows, { rule: 'whole', periods, at: effective_at }),
    lost_discount: 0,
    lost_uses: from.id === to.id ? [] : lostUses(to.use_charges, quota_rows.at(-1)?.uses ?? []),
    withdraws_cancellation: withdrawsCancellation(facts),
    replaces_pending: facts.has_pending,
  };
}

function nextCharge(to: Plan, { auto_renew, ends_at, quantity, trial_ends_at }: ChangedTerms) {
  if (!auto_renew) return { next_charge_at: null, next_charge_amount: 0 };
  // A trial is converted at its end, a renewal is ordered 24 hours before.
  const is_trial = trial_ends_at !== null && trial_ends_at.getTime() === ends_at.getTime();
  const next_charge_at = is_trial ? ends_at : new Date(ends_at.getTime() - DAY_MS);
  return { next_charge_at, next_charge_amount: wholeAmount({ amount: to.period_amount * quantity, unit: to.unit }) };
}

/** True if the subscription was cancelled at its end and renews after the change. */
function withdrawsCancellation({ subscription, from, to }: ChangeFacts): boolean {
  const is_cancelled = subscription.cancelled_at !== null || (isRenewing(from) && !subscription.auto_renew);
  return is_cancelled && isRenewing(to);
}

/** Returns the lines of a change in the order of the ledger. */
export function linesOf({ notes, ordered, collected }: Pick<PlannedChange, 'notes' | 'ordered' | 'collected'>) {
  const [uses, balances] = [
    collected.filter(({ kind }) => kind === 'use'),
    collected.filter(({ kind }) => kind !== 'use'),
  ];
  return [...notes, ...balances, ...ordered, ...uses];
}
