import {
  boundary,
  DAY_MS,
  type DiaryPlan,
  earnedAt,
  HOUR_MS,
  type PaidTime,
  periodOf,
  windowEnds,
} from './plan-time.ts';

/**
 * Slow second implementation of one subscription over time, written from the specification: a list of paid spans that
 * operations cut. Instants are ms since 1970, amounts are in 1/100. Imports nothing from `src`.
 */

/** A card is never charged less. */
const CHARGE_MIN = 50;

/** What one order cost, and what paid it. */
interface Bill {
  card: number;
  credit: number;
  due: number;
}

/** Time that an order paid for. A span that an operation closed has `earned`, all of which is income. */
interface Span extends PaidTime {
  bill: Bill;
  /** The subscriber bought it. A cancellation gives back the renewals behind it only. */
  is_bought: boolean;
  earned: number | null;
}

/** Time of a paused subscription that has not passed yet. */
interface FrozenTime extends Pick<Span, 'bill' | 'is_bought' | 'plan' | 'amount'> {
  length: number;
}

interface DiaryState {
  plan: string;
  ends_at: number;
  auto_renew: boolean;
  is_paused: boolean;
}

const ceil = (at: number, step: number) => Math.ceil(at / step) * step;

export class Diary {
  charges: [at: number, amount: number][] = [];
  refunded = 0;
  credit = 0;
  auto_renew = true;
  trial_ends_at: number | null = null;
  paused: { at: number; resumes_at: number; rest: FrozenTime[] } | null = null;
  ends_at = 0;
  anchor = 0;
  changes = 0;
  #resumed_at: number | null = null;
  #spans: Span[] = [];
  #bills: Bill[] = [];
  #uses: number[] = [];

  plan: DiaryPlan;

  constructor(plan: DiaryPlan) {
    this.plan = plan;
  }

  /** Buys the first period, or begins a trial of some days. */
  buy(at: number, trial_days = 0): void {
    this.anchor = at + trial_days * DAY_MS;
    this.ends_at = this.anchor;
    if (trial_days > 0) this.trial_ends_at = this.ends_at;
    else {
      this.#order(this.plan.amount, this.ends_at, boundary(this.plan, this.anchor, 1), true);
      this.#collect(at);
    }
  }

  /** Buys another period during a pause: it begins where the moved time ends, and stands still with it. */
  buyAhead(at: number): void {
    assertValue(this.paused, 'there is no pause');
    const { plan, ends_at } = this;
    this.ends_at = boundary(plan, ends_at, 1);
    const bill = this.#bill(plan.amount);
    this.paused.rest.push({ bill, is_bought: true, plan, amount: plan.amount, length: this.ends_at - ends_at });
    this.#collect(at);
  }

  /** Pays for a seat whose time begins later, with `claim`. */
  payAhead(at: number): void {
    this.charges.push([at, this.plan.amount]);
  }

  claim(at: number): void {
    this.anchor = at;
    this.ends_at = at;
    this.#order(this.plan.amount, at, boundary(this.plan, at, 1), true);
    for (const bill of this.#bills) [bill.card, bill.due] = [bill.due, 0];
  }

  convert(at: number): void {
    assertValue(this.trial_ends_at, 'there is no trial');
    this.trial_ends_at = null;
    this.#order(this.plan.amount, this.ends_at, boundary(this.plan, this.anchor, 1));
    this.#collect(at);
  }

  /** The hourly renewal: orders periods until more than 24 hours are paid. */
  renew(at: number): void {
    if (!this.auto_renew || this.paused || this.trial_ends_at !== null) return;
    const before = this.#spans.length;
    while (this.ends_at <= at + DAY_MS)
      this.#order(this.plan.amount, this.ends_at, periodOf(this.plan, this.anchor, this.ends_at)[1]);
    if (this.#spans.length > before) this.#collect(at);
  }

  pause(at: number, resumes_at: number): void {
    const rest = this.#open(at).map((span): FrozenTime => {
      const length = span.to - Math.max(span.from, at);
      const amount = this.#close(span, at);
      return { bill: span.bill, is_bought: span.is_bought, plan: span.plan, amount, length };
    });
    this.paused = { at, resumes_at, rest };
    this.ends_at = resumes_at + rest.reduce((sum, { length }) => sum + length, 0);
  }

  resume(at: number): void {
    assertValue(this.paused, 'there is no pause');
    const { at: paused_at, rest } = this.paused;
    this.paused = null;
    this.#keepUses(paused_at, at);
    this.#resumed_at = at;
    this.ends_at = at + rest.reduce((sum, { length }) => sum + length, 0);
    this.anchor = this.ends_at;
    let from = at;
    for (const { length, ...time } of rest) {
      this.#spans.push({ ...time, anchor: this.anchor, from, to: from + length, earned: null });
      from += length;
    }
  }

  /** Changes the plan now, mode prorate. */
  change(at: number, plan: DiaryPlan): void {
    for (const span of this.#open(at)) this.#note(span.bill, this.#close(span, at), 'credit');
    const isKept = plan.period_type === this.plan.period_type && plan.period_length === this.plan.period_length;
    this.plan = plan;
    this.changes += 1;
    this.#resumed_at = null;
    this.auto_renew = true;
    if (!isKept) this.anchor = at;
    const [from, to] = periodOf(plan, this.anchor, at);
    const rest = plan.amount - earnedAt({ plan, amount: plan.amount, anchor: this.anchor, from, to }, at);
    this.#order(rest, at, to, true);
    if (to - at < DAY_MS) this.#order(plan.amount, to, periodOf(plan, this.anchor, to)[1]);
    this.#collect(at);
  }

  /** Cancels at the end of the period. Renewals behind the last bought time are given back. */
  cancelAtEnd(at: number): void {
    this.auto_renew = false;
    const open = this.#open(at);
    const bought_until = Math.max(at, ...open.filter(({ is_bought }) => is_bought).map(({ from }) => from));
    for (const span of open) {
      if (span.from <= bought_until) continue;
      this.ends_at = Math.min(this.ends_at, span.from);
      this.#note(span.bill, this.#close(span, at), 'card');
    }
  }

  /** Cancels now; the unused time goes back to the card. */
  cancelNow(at: number): void {
    this.auto_renew = false;
    for (const { bill, amount } of this.paused?.rest ?? []) this.#note(bill, amount, 'card');
    for (const span of this.#open(at)) this.#note(span.bill, this.#close(span, at), 'card');
    this.paused = null;
    this.ends_at = at;
  }

  /** Counts free uses; returns how many are left in the plan period. */
  use(at: number, quantity: number): number {
    for (let count = 0; count < quantity; count += 1) this.#uses.push(at);
    return this.freeUses(at);
  }

  freeUses(at: number): number {
    const [from, to] = periodOf(this.plan, this.anchor, at);
    return this.plan.quota - this.#uses.filter((used_at) => used_at >= from && used_at < to).length;
  }

  /** A pause grants no free uses: those of the period that it interrupted count in the period in which it runs on. */
  #keepUses(paused_at: number, resumed_at: number): void {
    const [from] = periodOf(this.plan, this.anchor, paused_at);
    this.#uses = this.#uses.filter((used_at) => used_at >= from).map(() => resumed_at);
  }

  isRunning(at: number): boolean {
    return this.ends_at > at;
  }

  /** True if the running plan period was paused already. */
  isPauseUsed(at: number): boolean {
    const [from] = periodOf(this.plan, this.anchor, at);
    return this.#resumed_at !== null && this.#resumed_at > from;
  }

  /** Income after the job of an hour. */
  recognised(at: number): number {
    let sum = 0;
    for (const span of this.#spans) {
      const [last] =
        span.earned === null
          ? windowEnds(span)
              .filter((end) => end <= at)
              .slice(-1)
          : [];
      sum += span.earned ?? (last === undefined ? 0 : earnedAt(span, last));
    }
    return sum;
  }

  due(): number {
    return this.#bills.reduce((sum, { due }) => sum + due, 0);
  }

  state(): DiaryState {
    return {
      plan: this.plan.slug,
      ends_at: this.ends_at,
      auto_renew: this.auto_renew,
      is_paused: this.paused !== null,
    };
  }

  /** Returns the next instant after `at` at which a job has to do something: `hour` for the hourly ones. */
  next(at: number): { hour: number; minute: number } {
    const hours = this.#spans.flatMap((span) =>
      span.earned === null && span.to > at - HOUR_MS ? windowEnds(span).map((end) => ceil(end, HOUR_MS)) : [],
    );
    if (this.auto_renew && !this.paused && this.trial_ends_at === null)
      hours.push(ceil(Math.max(this.ends_at - DAY_MS, at + 1), HOUR_MS));
    const minutes = [this.paused?.resumes_at, this.trial_ends_at].flatMap((each) =>
      typeof each === 'number' ? [ceil(Math.max(each, at + 1), 60_000)] : [],
    );
    return { hour: Math.min(...hours.filter((each) => each > at)), minute: Math.min(...minutes) };
  }

  /** Spans that no operation closed, and that end after an instant. */
  #open(at: number): Span[] {
    return this.#spans.filter((span) => span.earned === null && span.to > at);
  }

  #order(amount: number, from: number, to: number, is_bought = false): void {
    const bill = this.#bill(amount);
    this.#spans.push({ bill, is_bought, plan: this.plan, amount, anchor: this.anchor, from, to, earned: null });
    this.ends_at = to;
  }

  /** Credit pays an order first. */
  #bill(amount: number): Bill {
    const credit = Math.min(this.credit, amount);
    this.credit -= credit;
    const bill = { card: 0, credit, due: amount - credit };
    this.#bills.push(bill);
    return bill;
  }

  /** Charges all that is due, unless it is too little for a card. */
  #collect(at: number): void {
    const amount = this.due();
    if (amount < CHARGE_MIN) return;
    this.charges.push([at, amount]);
    for (const bill of this.#bills) [bill.card, bill.due] = [bill.card + bill.due, 0];
  }

  /** Closes a span; returns what of its amount is not earned. */
  #close(span: Span, at: number): number {
    const earned = earnedAt(span, at);
    const rest = span.amount - earned;
    Object.assign(span, { earned, to: Math.max(span.from, Math.min(span.to, at)) });
    return rest;
  }

  /** Gives an amount of an order back: its debt shrinks first. */
  #note(bill: Bill, amount: number, to: 'card' | 'credit'): void {
    const debt = Math.min(amount, bill.due);
    bill.due -= debt;
    const card = to === 'card' ? Math.min(amount - debt, bill.card) : 0;
    bill.card -= card;
    this.refunded += card;
    this.credit += amount - debt - card;
  }
}

function assertValue<T>(value: T | null, message: string): asserts value is T {
  if (value === null) throw new Error(message);
}
