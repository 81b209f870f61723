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
 * If the processor gave the broker its share, that share is allocated by these floors, and what a line cannot bear of
 * the processor's fee beside it moves to the others.
 * When the funds are in another unit than the charge, the parts paid follow the parts received.
 */
export function distributeCharge(lines: readonly DistributedLine[], funds: Funds): Distribution[] {
  const amounts = lines.map(({ amount }) => amount);
  const charged = amounts.reduce((sum, amount) => sum + amount, 0);
  const whole = funds.net + funds.fee;
  assert(charged > 0 && funds.fee >= 0 && funds.net >= 0, 'a settled charge has funds');
  assert((funds.broker_fee ?? 0) <= funds.net, 'the broker gets no more than the charge brought');

  const received_amounts = whole === charged ? amounts : allocateMoney({ amount: whole, unit: funds.unit }, amounts);
  const given = funds.broker_fee === undefined ? null : allocateGiven(lines, received_amounts, funds);
  const fees = given === null ? allocateFee(funds, received_amounts) : fitFees(funds, received_amounts, given);
  return lines.map(({ amount, broker_fee_percent }, index) => {
    const received_amount = at(received_amounts, index);
    const processor_fee = at(fees, index);
    const broker_part = given === null ? brokerPart(received_amount, broker_fee_percent, funds) : at(given, index);
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

function brokerPart(amount: number, broker_fee_percent: number, { unit }: Funds): number {
  return wholeAmount({ amount: portion(amount, broker_fee_percent), unit });
}

/** Allocates the share that the processor gave the broker, by the floors of the lines, at most each line. */
function allocateGiven(lines: readonly DistributedLine[], amounts: readonly number[], funds: Funds): number[] {
  const given = funds.broker_fee ?? 0;
  const floors = lines.map((line, index) => brokerPart(at(amounts, index), line.broker_fee_percent, funds));
  const isFloored = floors.some((floor) => floor > 0);
  return fit(allocateMoney({ amount: given, unit: funds.unit }, isFloored ? floors : amounts), amounts);
}

/** Shares the processor's fee by the lines, at most what the broker's share leaves of each. */
function fitFees(funds: Funds, amounts: readonly number[], given: readonly number[]): number[] {
  const rooms = amounts.map((amount, index) => amount - at(given, index));
  return fit(allocateFee(funds, amounts), rooms);
}

/** Moves what exceeds the room of a part to parts with room, in their order. The rooms add up to the sum or more. */
function fit(parts: readonly number[], rooms: readonly number[]): number[] {
  const fitted = parts.map((part, index) => Math.min(part, at(rooms, index)));
  let excess = sumOf(parts) - sumOf(fitted);
  return fitted.map((part, index) => {
    const more = Math.min(excess, at(rooms, index) - part);
    excess -= more;
    return part + more;
  });
}

function sumOf(parts: readonly number[]): number {
  return parts.reduce((sum, part) => sum + part, 0);
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
