/**
 * Arithmetic of amounts for the model. Written from the specification; imports nothing from `src`.
 * @see docs/spec/billing.md 2.5, 2.6 and 2.8
 */

/** Smallest amount that a card can be charged by, in 1/100 of the unit: a yen has no hundredths. */
export function stepOf(unit: string): number {
  return unit === 'jpy' ? 100 : 1;
}

/** Rounds down to a multiple of the step of the unit. */
export function roundDown(amount: number, unit: string): number {
  return amount - (amount % stepOf(unit));
}

/** Largest remainder: the parts add up to `total`; of equal remainders the first gets the unit that is left. */
export function shareOut(total: number, weights: readonly number[], unit: string): number[] {
  const step = total % stepOf(unit) === 0 ? stepOf(unit) : 1;
  const steps = total / step;
  const sum = weights.reduce((left, right) => left + right, 0);
  if (sum === 0) return weights.map((_, index) => (index === 0 ? total : 0));
  const exact = weights.map((weight) => (BigInt(steps) * BigInt(weight)) / BigInt(sum));
  const rests = weights.map((weight, index) => ({
    index,
    rest: (BigInt(steps) * BigInt(weight)) % BigInt(sum),
  }));
  let missing = steps - exact.reduce((left, part) => left + Number(part), 0);
  rests.sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1));
  const parts = exact.map(Number);
  for (const { index } of rests) {
    if (missing === 0) break;
    parts[index] = (parts[index] ?? 0) + 1;
    missing -= 1;
  }
  return parts.map((part) => part * step);
}

/** Fee of a processor: 2.9 % rounded half up in the smallest unit of the currency, plus a fixed part. */
export function feeOf(amount: number, unit: string, fixed: number): number {
  const smallest = amount / stepOf(unit);
  return Math.floor((smallest * 290 + 5000) / 10_000) * stepOf(unit) + fixed;
}

/** Floor of a percentage in basis points. */
export function percent(amount: number, bps: number): number {
  return Math.floor((amount * bps) / 10_000);
}

/** Amounts and the parts of the provider, the processor and the broker. */
export interface Parts {
  amount: number;
  provider: number;
  processor: number;
  broker: number;
}

/** Shares a paid charge among its lines. */
export function distribute(
  lines: readonly { amount: number; broker_bps: number }[],
  unit: string,
  fixed_fee: number,
): Parts[] {
  const amounts = lines.map(({ amount }) => amount);
  const fees = shareOut(
    feeOf(
      amounts.reduce((sum, amount) => sum + amount, 0),
      unit,
      fixed_fee,
    ),
    amounts,
    unit,
  );
  return lines.map(({ amount, broker_bps }, index) => {
    const processor = fees[index] ?? 0;
    const broker = Math.min(roundDown(percent(amount, broker_bps), unit), amount - processor);
    return { amount, processor, broker, provider: amount - processor - broker };
  });
}

/** Takes `amount` from the rest of a line, from each part in proportion. */
export function takeFrom(left: Parts, amount: number, unit: string): Parts {
  const [provider = 0, processor = 0, broker = 0] = shareOut(
    amount,
    [left.provider, left.processor, left.broker],
    unit,
  );
  return { amount, provider, processor, broker };
}

/** Returns what is left of a line after a refund. */
export function subtract(left: Parts, taken: Parts): Parts {
  return {
    amount: left.amount - taken.amount,
    provider: left.provider - taken.provider,
    processor: left.processor - taken.processor,
    broker: left.broker - taken.broker,
  };
}
