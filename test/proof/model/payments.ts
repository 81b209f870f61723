import { type Parts, shareOut, subtract, takeFrom } from './amounts.ts';
import type { Charge, ChargeLine, Model, Movement } from './model.ts';

/** Books a paid charge. @see docs/spec/billing.md 2.5 */
export function payCharge(model: Model, charge: Charge): void {
  const { books, broker, processor } = model;
  const { customer, unit } = charge;
  charge.state = 'done';
  books.move([customer, 'Liability'], [processor, 'Funds'], charge.amount, unit);
  for (const { debt, left } of charge.lines) {
    const { provider } = debt.plan;
    books.acknowledge(debt.payer, debt.subject, left.amount, unit);
    books.move([processor, 'Backlog'], [broker, 'Expenses'], left.processor, unit);
    if (left.broker > 0 || provider !== broker)
      books.move([broker, 'Backlog'], [provider, 'Expenses'], left.broker + left.processor, unit);
    books.move([processor, 'Funds'], [broker, 'Funds'], left.broker, unit);
    books.move([provider, 'Backlog'], [provider, 'Receivable'], left.amount, unit);
    books.settle(debt.subject, left.amount, unit);
    books.move([processor, 'Funds'], [provider, 'Funds'], left.provider, unit);
  }
  if (!model.terms.keeps_fee) return;
  // What goes back of a line is of the provider, also the part that the processor keeps.
  for (const line of charge.lines) {
    const { processor: fee, provider } = line.left;
    line.left = { ...line.left, processor: 0, provider: provider + fee };
  }
}

/** A charge that fails books nothing: its orders stay due. */
export function failCharge(charge: Charge): void {
  charge.state = 'failed';
  for (const { debt } of charge.lines) debt.charge = null;
}

/** Refunds an amount of a line, or its rest; returns the code of the refusal. */
export function refund(
  model: Model,
  charge: Charge,
  wanted: readonly { num: number; amount: number | null }[],
): string | null {
  if (charge.state !== 'done') return 'charge_not_refundable';
  const taken: { line: ChargeLine; parts: Parts }[] = [];
  for (const { num, amount } of wanted) {
    const line = charge.lines[num];
    if (!line) return 'charge_line_unknown';
    const asked = amount ?? line.left.amount;
    if (asked === 0 || asked > line.left.amount) return 'refund_exceeds_line';
    taken.push({ line, parts: takeFrom(line.left, asked, charge.unit) });
  }
  const providers = new Map<string, number>();
  for (const { line, parts } of taken) {
    const { provider } = line.debt.plan;
    providers.set(provider, (providers.get(provider) ?? 0) + parts.provider);
  }
  for (const [provider, required] of model.terms.may_overdraw ? [] : providers) {
    if (required > model.books.balance(provider, 'Funds', charge.unit)) return 'refund_exceeds_funds';
  }
  for (const { line, parts } of taken) {
    move(model, refundMovements(model, charge, line, parts, 'Refund'));
    line.left = subtract(line.left, parts);
  }
  return null;
}

function refundMovements(
  { broker, processor }: Model,
  { customer, unit }: Charge,
  { debt }: ChargeLine,
  parts: Parts,
  account: 'Refund' | 'Chargeback',
): Movement[] {
  const { provider } = debt.plan;
  const funds = (from: string, amount: number): Movement => ({
    from,
    from_account: 'Funds',
    to: processor,
    to_account: account,
    amount,
    unit,
  });
  return [
    { from: customer, from_account: 'Refunded', to: provider, to_account: account, amount: parts.amount, unit },
    funds(processor, parts.processor),
    funds(broker, parts.broker),
    funds(provider, parts.provider),
  ];
}

/** Opens a dispute: takes back the rest of each line, and the fee from the providers by their lines. */
export function openDispute(model: Model, charge: Charge): void {
  const { unit } = charge;
  const weights = new Map<string, number>();
  for (const { debt, left } of charge.lines) {
    weights.set(debt.plan.provider, (weights.get(debt.plan.provider) ?? 0) + left.amount);
  }
  const parts = shareFee(model.terms.disputeFee(unit), [...weights.values()], unit);
  const taken = charge.lines.flatMap((line) =>
    line.left.amount > 0 ? refundMovements(model, charge, line, line.left, 'Chargeback') : [],
  );
  const fees = [...weights.keys()].map((from, index) => ({
    from,
    from_account: 'Funds',
    to: model.processor,
    to_account: 'Chargeback',
    amount: parts[index] ?? 0,
    unit,
  }));
  move(model, [...taken, ...fees]);
  charge.dispute = model.terms.keeps_dispute_fee ? taken : [...taken, ...fees];
  charge.state = 'disputed';
}

/** Without a rest the shares are equal. */
function shareFee(fee: number, weights: number[], unit: string): number[] {
  return shareOut(fee, weights.every((weight) => weight === 0) ? weights.map(() => 1) : weights, unit);
}

/**
 * Closes a dispute: a win reverts it, a loss books nothing more. A loss of the whole charge fails it; after a refund
 * the dispute was about the rest, and the charge stays done.
 */
export function closeDispute(model: Model, charge: Charge, outcome: 'won' | 'lost'): void {
  if (outcome === 'won') {
    move(
      model,
      charge.dispute.map(({ from, from_account, to, to_account, ...rest }) => ({
        ...rest,
        from: to,
        from_account: to_account,
        to: from,
        to_account: from_account,
      })),
    );
  }
  charge.dispute = [];
  if (outcome === 'lost') {
    const disputed = charge.lines.reduce((sum, { left }) => sum + left.amount, 0);
    charge.state = disputed === charge.amount ? 'failed' : 'done';
    charge.is_lost = true;
    for (const line of charge.lines) line.left = subtract(line.left, line.left);
  } else charge.state = 'done';
}

function move({ books }: Model, movements: readonly Movement[]): void {
  for (const { from, from_account, to, to_account, amount, unit } of movements)
    books.move([from, from_account], [to, to_account], amount, unit);
}
