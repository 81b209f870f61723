import { accounts, convertAmount, moveAmount, type NewEntry, type LedgerSubject } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Parties } from './parties.ts';
import type { Shares } from './refund.ts';

export interface RefundedLine extends Shares {
  provider_id: ProfileId;
  subject: LedgerSubject;
  /** Subscriber and plan of the line, such as `xia:basic`. */
  label: string;
  invoiced_description: string;
}

/**
 * Makes the entries of a refund or a chargeback: the amount that the customer gets, the shares that pay for it, and
 * the exchange if the processor converts. The order and the subscription stay unchanged.
 */
export function refundEntries(
  charge: { processor_key: string; unit: string; funds_unit: string },
  { customer_id, processor_id, broker_id }: Parties,
  lines: readonly RefundedLine[],
  why: 'refund' | 'chargeback' = 'refund',
): NewEntry[] {
  const account = accounts[why];
  const refund_place = { profile_id: processor_id, account };
  return lines.flatMap((line) => {
    const what = `Charge ${charge.processor_key} ${why} for ${line.invoiced_description}`;
    const taken = (from: ProfileId, amount: number, description: string): NewEntry[] =>
      amount === 0
        ? []
        : [
            moveAmount({
              from: { profile_id: from, account: accounts.funds },
              to: refund_place,
              amount,
              unit: charge.funds_unit,
              subject: line.subject,
              description,
            }),
          ];
    const received = line.distribute_amount + line.fee_amount + line.broker_fee_amount;
    // The processor takes the unit of the funds and pays the customer in the unit of the charge.
    const exchange =
      charge.unit === charge.funds_unit
        ? []
        : [
            convertAmount({
              from: refund_place,
              to: refund_place,
              amount: received,
              unit: charge.funds_unit,
              to_amount: line.amount,
              to_unit: charge.unit,
              subject: line.subject,
              description: `Exchange for ${what}`,
            }),
          ];
    return [
      convertAmount({
        from: { profile_id: customer_id, account: accounts.refunded },
        to: { profile_id: line.provider_id, account },
        amount: line.amount,
        unit: charge.unit,
        to_amount: received,
        to_unit: charge.funds_unit,
        subject: line.subject,
        description: what,
      }),
      ...taken(processor_id, line.fee_amount, `Charge ${charge.processor_key} ${why} processor fee for ${line.label}`),
      ...taken(broker_id, line.broker_fee_amount, `Charge ${charge.processor_key} ${why} broker fee for ${line.label}`),
      ...taken(line.provider_id, line.distribute_amount, what),
      ...exchange,
    ];
  });
}
