import { chargeStep, formatMoney } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import { randomKey40 } from '#platform/security/crypto';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { lockProfile, profileName } from '#profiles';
import {
  type Charge,
  insertRefund,
  findOpenRefund,
  lockCharge,
  findAvailableFunds,
  prorateRefund,
  findRemainingLines,
  type Refund,
  refuseRefund,
  type RemainingLine,
  type Shares,
} from '../records/index.ts';
import { paymentsProblems } from '../problems.ts';
import type { ProcessorTerms } from '../processors/index.ts';

/** A line of a charge to refund: `num` is its index from 0; without an amount, the rest of the line is refunded. */
export interface WantedRefund {
  num: number;
  refunded_amount?: number | undefined;
}

interface RefundOptions {
  terms: ProcessorTerms;
  created_by: UserId | null;
  /** Idempotency key of the refund; random when omitted. */
  key?: string | null;
  /** True if the refunded time is not served: the amount leaves Backlog. */
  returns_backlog?: boolean;
  /** True for a payout of credit: the credit notes on the order do not limit it, and no credit is returned. */
  is_payout?: boolean;
  /** True if the caller books the refund with other rows (`bookHeldRefund`). */
  is_held?: boolean;
  /** True if the processor made the refund without Tollgate: a dispute does not undo it. */
  is_made?: boolean;
  at: Date;
}

type ReservedLine = Shares & Pick<RemainingLine, 'item' | 'invoiced' | 'funds_unit'> & { credit_amount: number };

/**
 * Checks all lines of a refund and inserts the intent to refund them. The card gets back first, then what credit paid
 * of the line is returned as credit.
 *
 * Locks: the charge, then the providers in id order, so that two refunds cannot promise the same funds.
 * @throws charge_not_refundable, refund_exceeds_line, refund_exceeds_funds, refund_in_flight (405),
 *   charge_line_unknown (404), invalid_input (400)
 */
export async function reserveRefund(
  tx: Tx,
  charge_id: Charge['id'],
  wanted: readonly WantedRefund[],
  {
    terms,
    created_by,
    key,
    returns_backlog = false,
    is_payout = false,
    is_held = false,
    is_made = false,
    at,
  }: RefundOptions,
): Promise<Refund> {
  const charge = await lockCharge(tx, charge_id);
  const refusal = refuseRefund(charge.state);
  if (refusal && !(is_made && refusal === 'disputed'))
    throw paymentsProblems.charge_not_refundable({ detail: `You cannot refund a ${refusal} charge.` });
  if (await findOpenRefund(tx, charge_id)) throw paymentsProblems.refund_in_flight({ retry_after_s: 60 });
  if (new Set(wanted.map(({ num }) => num)).size !== wanted.length) {
    throw invalidInput({ lines: ['Each line may be given once.'] });
  }

  const lines = await shareLines(tx, charge, wanted, { terms, is_payout });
  if (!terms.may_overdraw) await requireFunds(tx, lines);
  return insertRefund(
    tx,
    {
      key: key ?? randomKey40(),
      charge_id,
      created_by,
      amount: lines.reduce((sum, { amount }) => sum + amount, 0),
      state: 'reserved',
      returns_backlog,
      is_payout,
      is_held,
      created_at: at,
      updated_at: at,
    },
    lines.map(({ item, invoiced: _, ...line }) => ({ ...line, charge_item_id: item.id })),
  );
}

async function shareLines(
  tx: Tx,
  charge: Charge,
  wanted: readonly WantedRefund[],
  { terms, is_payout }: { terms: ProcessorTerms; is_payout: boolean },
): Promise<ReservedLine[]> {
  const lines = await findRemainingLines(tx, charge, terms);
  return wanted.map(({ num, refunded_amount }) => {
    const line = lines[num];
    if (!line) {
      throw paymentsProblems.charge_line_unknown({ detail: `No line item ${num} on charge ${charge.processor_key}.` });
    }
    const { item, invoiced, funds_unit, left } = line;
    const { refundable, credit_left } = is_payout ? { refundable: left.amount, credit_left: 0 } : line;
    const wanted_amount = refunded_amount ?? refundable + credit_left;
    if (wanted_amount > refundable + credit_left || wanted_amount === 0) {
      const [asked, available] = [wanted_amount, refundable + credit_left].map((each) =>
        formatMoney({ amount: each, unit: charge.unit }),
      );
      throw paymentsProblems.refund_exceeds_line({
        detail: `Cannot refund ${asked} while there is only ${available} available on the line item.`,
      });
    }
    // The rest of a line can always be refunded: charges of the first version may have a fraction of a unit.
    const amount = Math.min(wanted_amount, refundable);
    if (amount % chargeStep(charge.unit) !== 0 && amount !== left.amount) {
      throw invalidInput({ lines: [`Amounts in ${charge.unit} are refunded in whole units.`] });
    }
    const credit_amount = wanted_amount - amount;
    return { ...prorateRefund(left, amount, funds_unit), item, invoiced, funds_unit, credit_amount };
  });
}

async function requireFunds(tx: Tx, lines: readonly ReservedLine[]): Promise<void> {
  const providers = new Set<ProfileId>(lines.map(({ item }) => item.provider_id));
  for (const provider_id of [...providers].toSorted((a, b) => a - b)) {
    const provider = await lockProfile(tx, provider_id);
    const funds = await findAvailableFunds(tx, provider_id);
    for (const unit of new Set(lines.map(({ funds_unit }) => funds_unit))) {
      const theirs = lines.filter(({ item, funds_unit }) => item.provider_id === provider_id && funds_unit === unit);
      const required = theirs.reduce((sum, { distribute_amount }) => sum + distribute_amount, 0);
      const available = funds.find((each) => each.unit === unit)?.amount ?? 0;
      if (required <= available) continue;
      throw paymentsProblems.refund_exceeds_funds({
        detail:
          `${profileName(provider)} has ${formatMoney({ amount: available, unit })} of funds available. ` +
          `${formatMoney({ amount: required, unit })} are required to refund '${theirs[0]?.invoiced.description}'`,
      });
    }
  }
}
