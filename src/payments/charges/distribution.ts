import assert from 'node:assert/strict';
import { allocate, allocateMoney, chargeStep, portion, wholeAmount } from '#kernel/money';
import type { Funds } from '../processors/index.ts';

/** A line to distribute: `amount` in the unit of the charge. */
export interface DistributedLine {
  amount: number;
  broker_fee_percent: number;
}

/** Parts of an amount; they add up to it. */
export interface Parts {
  provider: number;
  processor_fee: number;
  broker_fee: number;
}

/** Shares of one line: `paid` in the unit of the charge, `received` in the unit of the funds. */
export interface Distribution {
  paid: Parts;
  received: Parts;
}

/**
 * Shares the funds of a charge among providers, broker and processor, line by line.
 *
 * Largest remainder keeps the sums exact: the fees of the lines add up to the processor's fee, the parts of each line
 * to the line, and the parts received to the funds. The broker's fee is the floor of each line by its own percentage,
 * in whole units for a currency without decimals. It never exceeds the rest of the line after the processor's fee.
 * When the funds are in another unit than the charge, the parts paid follow the parts received.
 */
export function distributeCharge(lines: readonly DistributedLine[], funds: Funds): Distribution[] {
  const amounts = lines.map(({ amount }) => amount);
  const charged = amounts.reduce((sum, amount) => sum + amount, 0);
  const whole = funds.net + funds.fee;
  assert(charged > 0 && funds.fee >= 0 && funds.net >= 0, 'a settled charge has funds');

  const received_amounts = whole === charged ? amounts : allocateMoney({ amount: whole, unit: funds.unit }, amounts);
  const fees = allocateFee(funds, received_amounts);
  return lines.map(({ amount, broker_fee_percent }, index) => {
    const received_amount = at(received_amounts, index);
    const processor_fee = at(fees, index);
    const broker_part = wholeAmount({ amount: portion(received_amount, broker_fee_percent), unit: funds.unit });
    const broker_fee = Math.min(broker_part, received_amount - processor_fee);
    const received = { provider: received_amount - processor_fee - broker_fee, processor_fee, broker_fee };
    if (received_amount === amount) return { paid: received, received };
    // The line is less than 1/100 of the unit of the funds: all of it counts as the provider's.
    if (received_amount === 0) return { paid: { provider: amount, processor_fee: 0, broker_fee: 0 }, received };
    const [provider, paid_fee, paid_broker_fee] = allocate(amount, [
      received.provider,
      received.processor_fee,
      received.broker_fee,
    ]);
    return {
      paid: { provider: provider ?? 0, processor_fee: paid_fee ?? 0, broker_fee: paid_broker_fee ?? 0 },
      received,
    };
  });
}

/**
 * Shares the processor's fee; in whole steps only if each line is a multiple of the step, so no part exceeds its line.
 */
function allocateFee({ fee, unit }: Funds, received_amounts: readonly number[]): number[] {
  const areWhole = received_amounts.every((amount) => amount % chargeStep(unit) === 0);
  return areWhole ? allocateMoney({ amount: fee, unit }, received_amounts) : allocate(fee, received_amounts);
}

function at(parts: readonly number[], index: number): number {
  const part = parts[index];
  assert(part !== undefined);
  return part;
}
