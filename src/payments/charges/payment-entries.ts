import {
  accounts,
  convertAmount,
  moveAmount,
  type NewEntry,
  type ProfileAccount,
  type LedgerSubject,
  subjectText,
} from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Parties } from '../records/index.ts';
import type { Distribution } from './distribution.ts';

/** Facts of a line from which its entries are made. Units: `amount` and `payable` in the unit of the charge. */
export interface PaidLine {
  provider_id: ProfileId;
  payer_id: ProfileId;
  subject: LedgerSubject;
  /** Subscriber and plan of the line, such as `xia:basic`. */
  label: string;
  amount: number;
  /** Balance of the payer's Payable on the subject, before this charge. */
  payable: number;
  /** Income on the subject that was taken from Receivable, before this charge. */
  unpaid_income: number;
  distribution: Distribution;
}

export interface PaidCharge {
  subject: LedgerSubject;
  processor_key: string;
  description: string;
  amount: number;
  unit: string;
  funds_unit: string;
}

/** Indexes of a line's parts in the entries of the payment. */
export interface LineEntries {
  fee: number | null;
  broker_fee: number | null;
  distribute: number;
}

/**
 * Makes the entries of a paid charge: the payment itself, then for each line the debt that it settles, the fees and the
 * provider's share.
 *
 * The provider's expense of a sale is one amount: broker fee and processor fee together. The broker's Backlog takes
 * it against the processor's fee, which is the broker's expense. It is booked for each provider that is not the
 * broker, also when the broker has no share: the provider paid the processor's fee. When the processor converts, the
 * entries balance in both units: the amount paid leaves the processor's Funds in parts, and the parts received are
 * the provider's Receivable. Income that was earned before the payment came from Receivable and returns from there to
 * Backlog.
 */
// long: the entries of one line in the order of the documented examples
export function paymentEntries(
  charge: PaidCharge,
  parties: Parties,
  lines: readonly PaidLine[],
): { entries: NewEntry[]; links: LineEntries[] } {
  const { processor_id, broker_id } = parties;
  const processor_funds = { profile_id: processor_id, account: accounts.funds };
  const entries: NewEntry[] = [
    moveAmount({
      from: { profile_id: parties.customer_id, account: accounts.liability },
      to: processor_funds,
      amount: charge.amount,
      unit: charge.unit,
      subject: charge.subject,
      description: charge.description,
    }),
  ];
  const payables = new Map<string, number>();
  const incomes = new Map<string, number>();

  const links = lines.map((line): LineEntries => {
    const { paid, received } = line.distribution;
    const convert = (movement: {
      from: ProfileAccount;
      to: ProfileAccount;
      paid: number;
      received: number;
      subject: LedgerSubject;
      description: string;
    }): number =>
      entries.push(
        convertAmount({
          ...movement,
          amount: movement.paid,
          unit: charge.unit,
          to_amount: movement.received,
          to_unit: charge.funds_unit,
        }),
      ) - 1;
    const provider = (account: ProfileAccount['account']): ProfileAccount => ({
      profile_id: line.provider_id,
      account,
    });
    const describe = (part: string, about: string) => `Charge ${charge.processor_key} ${part} for ${about}`;

    const payable_key = `${line.payer_id} ${subjectText(line.subject)}`;
    const payable = payables.get(payable_key) ?? line.payable;
    const owed = Math.min(line.amount, payable);
    if (owed > 0) {
      payables.set(payable_key, payable - owed);
      entries.push(
        moveAmount({
          from: { profile_id: line.payer_id, account: accounts.payable },
          to: { profile_id: line.payer_id, account: accounts.liability },
          amount: owed,
          unit: charge.unit,
          subject: line.subject,
          description: 'Keep a balanced ledger',
        }),
      );
    }

    let fee: number | null = null;
    if (received.processor_fee > 0) {
      fee = convert({
        from: { profile_id: processor_id, account: accounts.backlog },
        to: { profile_id: broker_id, account: accounts.expenses },
        paid: paid.processor_fee,
        received: received.processor_fee,
        subject: charge.subject,
        description: describe('processor fee', line.label),
      });
    }

    let broker_fee: number | null = null;
    const costs = received.broker_fee + received.processor_fee;
    if (received.broker_fee > 0 || (line.provider_id !== broker_id && costs > 0)) {
      // The broker sets off this expense in the unit of the funds: there is no exchange.
      broker_fee =
        entries.push(
          moveAmount({
            from: { profile_id: broker_id, account: accounts.backlog },
            to: provider(accounts.expenses),
            amount: costs,
            unit: charge.funds_unit,
            subject: charge.subject,
            description: describe(received.broker_fee > 0 ? 'broker fee' : 'processor fee', line.label),
          }),
        ) - 1;
    }
    if (received.broker_fee > 0) {
      convert({
        from: processor_funds,
        to: { profile_id: broker_id, account: accounts.funds },
        paid: paid.broker_fee,
        received: received.broker_fee,
        subject: charge.subject,
        description: describe('broker fee', line.label),
      });
    }

    entries.push(
      convertAmount({
        from: provider(accounts.backlog),
        to: provider(accounts.receivable),
        amount: received.provider + received.processor_fee + received.broker_fee,
        unit: charge.funds_unit,
        to_amount: line.amount,
        to_unit: charge.unit,
        subject: line.subject,
        description: describe('distribution', line.label),
      }),
    );
    const income_key = subjectText(line.subject);
    const income = incomes.get(income_key) ?? line.unpaid_income;
    const earned = Math.min(line.amount, income);
    if (earned > 0) {
      incomes.set(income_key, income - earned);
      entries.push(
        moveAmount({
          from: provider(accounts.receivable),
          to: provider(accounts.backlog),
          amount: earned,
          unit: charge.unit,
          subject: line.subject,
          description: describe('distribution', line.label),
        }),
      );
    }
    const distribute = convert({
      from: processor_funds,
      to: provider(accounts.funds),
      paid: paid.provider,
      received: received.provider,
      subject: charge.subject,
      description: describe('distribution', line.label),
    });
    return { fee, broker_fee, distribute };
  });
  return { entries, links };
}
