import { dateFormatter } from '#kernel/formatters';
import { formatMoney, type Money } from '#kernel/money';
import { type PeriodType, periodNoun } from '#kernel/period';
import type { Invoicable, Line } from '../records/index.ts';

/** Facts of a line from which its text is built. */
export interface LineFacts {
  kind: 'period' | 'use' | 'setup' | 'balance' | 'seats' | 'trial';
  plan_title: string;
  use_title: string | null;
  quantity: number;
  periods_count: number;
  period_type: PeriodType | null;
  /** Null for a seat, whose time begins when it is claimed. */
  covers_to: Date | null;
  /** Discounts in words: `a 10% discount`; null if there are none or they are unknown. */
  discounts: string | null;
  coupon_code: string | null;
  /** Name of the beneficiary; null for the payer. */
  beneficiary_name: string | null;
  /** For a trial: what is due at its end. */
  promised?: Money | null;
  /** Name of the payer of a claimed seat. */
  paid_by?: string | null;
}

/** Returns the facts of a line that is not ordered yet. */
export function buildLineFacts(line: Line, { plan, seat }: Pick<Invoicable, 'plan' | 'seat'>): LineFacts {
  const { kind, use, quantity, option, coupon, item, trial } = line;
  return {
    kind,
    plan_title: plan.title,
    use_title: use?.title ?? null,
    quantity,
    periods_count: option?.periods_count ?? 0,
    period_type: option === null ? null : (line.period_type ?? plan.period_type),
    covers_to: seat ? null : (option?.covers_to ?? trial?.covers_to ?? null),
    promised: trial ? { amount: trial.amount + trial.setup_amount, unit: plan.unit } : null,
    discounts: option === null || option.discounts.length === 0 ? null : option.discounts.join(' and '),
    coupon_code: coupon?.code ?? null,
    beneficiary_name: item === null || item.sync_on === null ? null : item.full_name || item.sync_on,
    paid_by: item === null || item.claim_id === null ? null : item.full_name,
  };
}

/** Language and time zone of the reader. */
export interface ReaderLocale {
  lang?: string | undefined;
  timezone?: string | undefined;
}

/**
 * Returns the text of a line for the reader: `Basic, 1 month until Apr 10, 2026 (coupon HALF), for Bob`.
 * Titles, periods and names only; the ledger's description has the documented form with slugs.
 */
export function describeLine(line: LineFacts, reading: ReaderLocale = {}): string {
  const discounts = line.discounts === null ? '' : `, ${line.discounts}`;
  const coupon = line.coupon_code === null ? '' : ` (coupon ${line.coupon_code})`;
  const beneficiary = line.beneficiary_name === null ? '' : `, for ${line.beneficiary_name}`;
  const payer = line.paid_by ? `, paid by ${line.paid_by}` : '';
  return `${subjectText(line, reading)}${discounts}${coupon}${beneficiary}${payer}`;
}

function subjectText(line: LineFacts, reading: ReaderLocale): string {
  const { kind, plan_title, use_title, quantity, periods_count, period_type, covers_to } = line;
  switch (kind) {
    case 'period': {
      if (period_type === null) return plan_title;
      const title = titleOf(plan_title, quantity);
      const periods = `${periods_count} ${periodNoun(period_type, periods_count)}`;
      if (covers_to === null) return `${title}, ${periods}`;
      return `${title}, ${periods} until ${dateText(covers_to, reading)}`;
    }
    case 'use':
      return `${quantity} × ${use_title ?? 'uses'}, ${plan_title}`;
    case 'seats': {
      const seats = `${quantity} more ${quantity === 1 ? 'seat' : 'seats'} of ${plan_title}`;
      return covers_to === null ? seats : `${seats} until ${dateText(covers_to, reading)}`;
    }
    case 'trial': {
      const until = covers_to === null ? '' : ` until ${dateText(covers_to, reading)}`;
      return `Trial of ${titleOf(plan_title, quantity)}${until}${line.promised ? `, then ${formatMoney(line.promised)}` : ''}`;
    }
    case 'setup':
      return `Setup fee for ${plan_title}`;
    case 'balance':
      return `Balance due on ${plan_title}`;
  }
}

/** Returns the title of a plan with its quantity: `Team, 5 seats`. */
function titleOf(plan_title: string, quantity: number): string {
  return quantity > 1 ? `${plan_title}, ${quantity} seats` : plan_title;
}

/** Formats a day as pages do: `Mar 5, 2026`. Falls back to English and UTC for an unknown language or time zone. */
export function dateText(at: Date, { lang = 'en-US', timezone = 'UTC' }: ReaderLocale): string {
  const format = (locale: string, timeZone: string) =>
    dateFormatter(locale === 'en' ? 'en-US' : locale, { dateStyle: 'medium', timeZone }).format(at);
  try {
    return format(lang, timezone);
  } catch {
    return format('en-US', 'UTC');
  }
}
