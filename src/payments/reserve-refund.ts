import assert from 'node:assert/strict';
import { formatMoney } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import { accounts, balance, type Entry, findEntries } from '#ledger';
import { randomKey40 } from '#platform/crypto';
import type { LedgerEntryId, ProfileId, UserId } from '#platform/db-schema';
import type { Tx } from '#platform/db';
import { lockProfile, profileName } from '#profiles';
import type { Charge, ChargeItem } from './charge.ts';
import { findChargeItems, lockCharge } from './charge-store.ts';
import { paymentsProblems } from './problems.ts';
import { NOTHING, prorateRefund, type Refund, refuseRefund, remainder, type Shares } from './refund.ts';
import { insertRefund, isRefundUnderWay, refundedByItem } from './refund-store.ts';

/** A line of a charge to refund, by its place from 0; without an amount, all that is left of it. */
export interface WantedRefund {
  num: number;
  refunded_amount?: number | undefined;
}

interface Terms {
  /** Whether the processor gives its fee back; if not, the provider pays for it. */
  returns_fee: boolean;
  created_by: UserId | null;
  at: Date;
}

interface ReservedLine extends Shares {
  item: ChargeItem;
  invoiced: Entry;
  funds_unit: string;
}

/**
 * Checks all lines of a refund, and writes down that it is about to be made.
 *
 * Locks: the charge, then the providers in id order, so that their funds are not promised twice.
 * @throws charge_not_refundable, refund_exceeds_line, refund_exceeds_funds, refund_in_flight (405), charge_line_unknown (404)
 */
export async function reserveRefund(
  tx: Tx,
  charge_id: Charge['id'],
  wanted: readonly WantedRefund[],
  { returns_fee, created_by, at }: Terms,
): Promise<Refund> {
  const charge = await lockCharge(tx, charge_id);
  const refusal = refuseRefund(charge.state);
  if (refusal) throw paymentsProblems.charge_not_refundable({ detail: `You cannot refund a ${refusal} charge.` });
  if (await isRefundUnderWay(tx, charge_id)) throw paymentsProblems.refund_in_flight();
  if (new Set(wanted.map(({ num }) => num)).size !== wanted.length) {
    throw invalidInput({ lines: ['Each line may be given once.'] });
  }

  const lines = await shareLines(tx, charge, wanted, returns_fee);
  await refuseWithoutFunds(tx, lines);
  return insertRefund(
    tx,
    {
      key: randomKey40(),
      charge_id,
      created_by,
      amount: lines.reduce((sum, { amount }) => sum + amount, 0),
      state: 'reserved',
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
  returns_fee: boolean,
): Promise<ReservedLine[]> {
  const items = await findChargeItems(tx, charge.id);
  const refunded = await refundedByItem(tx, charge.id);
  const entries = await findEntries(
    tx,
    items.flatMap((item) =>
      [item.invoiced_entry_id, item.fee_entry_id, item.broker_fee_entry_id, item.distribute_entry_id].flatMap(
        (id) => id ?? [],
      ),
    ),
  );
  return wanted.map(({ num, refunded_amount }) => {
    const item = items[num];
    if (!item) {
      throw paymentsProblems.charge_line_unknown({ detail: `No line item ${num} on charge ${charge.processor_key}.` });
    }
    const { shares, funds_unit } = sharesOf(item, entries, returns_fee);
    const left = remainder(shares, refunded.get(item.id) ?? NOTHING);
    const amount = refunded_amount ?? left.amount;
    if (amount > left.amount || amount === 0) {
      const [asked, available] = [amount, left.amount].map((each) => formatMoney({ amount: each, unit: charge.unit }));
      throw paymentsProblems.refund_exceeds_line({
        detail: `Cannot refund ${asked} while there is only ${available} available on the line item.`,
      });
    }
    const invoiced = entries.get(item.invoiced_entry_id);
    assert(invoiced, 'what a charge pays for stands in the ledger');
    return { ...prorateRefund(left, amount), item, invoiced, funds_unit };
  });
}

/** Reads what each got of a line off the entries that settled it. The broker fee's entry holds the processor's fee too. */
function sharesOf(
  item: ChargeItem,
  entries: Map<LedgerEntryId, Entry>,
  returns_fee: boolean,
): { shares: Shares; funds_unit: string } {
  const entryAt = (id: LedgerEntryId | null) => (id === null ? undefined : entries.get(id));
  const distributed = entryAt(item.distribute_entry_id);
  assert(distributed, 'a paid line was distributed');
  const fee_amount = entryAt(item.fee_entry_id)?.dest_amount ?? 0;
  const fees_amount = entryAt(item.broker_fee_entry_id)?.dest_amount ?? fee_amount;
  return {
    funds_unit: distributed.dest_unit,
    shares: {
      amount: item.amount,
      distribute_amount: distributed.dest_amount + (returns_fee ? 0 : fee_amount),
      fee_amount: returns_fee ? fee_amount : 0,
      broker_fee_amount: fees_amount - fee_amount,
    },
  };
}

async function refuseWithoutFunds(tx: Tx, lines: readonly ReservedLine[]): Promise<void> {
  const providers = new Set<ProfileId>(lines.map(({ item }) => item.provider_id));
  for (const provider_id of [...providers].toSorted((a, b) => a - b)) {
    const provider = await lockProfile(tx, provider_id);
    const funds = await balance(tx, provider_id, accounts.funds);
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
