/** Double entry of the model: balances by profile, account and unit, and what is due by subject. */
export class Books {
  /** Received less sent amounts by `profile account unit`, of this sequence of commands. */
  readonly moved = new Map<string, number>();
  /** Balances before it. */
  readonly initial: ReadonlyMap<string, number>;
  /** Payable of a payer on a subject, by `payer subject unit`. */
  readonly payables = new Map<string, number>();
  /** Orders less payments and write-offs, by `subject unit`. */
  readonly due = new Map<string, number>();
  /** Payers who ordered on a subject. */
  readonly payers = new Map<string, Set<string>>();

  constructor(initial: ReadonlyMap<string, number> = new Map()) {
    this.initial = initial;
  }

  move(
    from: readonly [profile: string, account: string],
    to: readonly [profile: string, account: string],
    amount: number,
    unit: string,
  ): void {
    add(this.moved, `${from[0]} ${from[1]} ${unit}`, -amount);
    add(this.moved, `${to[0]} ${to[1]} ${unit}`, amount);
  }

  balance(profile: string, account: string, unit: string): number {
    const place = `${profile} ${account} ${unit}`;
    return (this.initial.get(place) ?? 0) + (this.moved.get(place) ?? 0);
  }

  /** Posts an order: the provider's Receivable to the payer's Payable. */
  order(line: { provider: string; payer: string; subject: string; amount: number; unit: string }): void {
    const { provider, payer, subject, amount, unit } = line;
    this.move([provider, 'Receivable'], [payer, 'Payable'], amount, unit);
    add(this.payables, `${payer} ${subject} ${unit}`, amount);
    add(this.due, `${subject} ${unit}`, amount);
    const payers = this.payers.get(subject) ?? new Set<string>();
    this.payers.set(subject, payers.add(payer));
  }

  /** Turns the payer's Payable on a subject into Liability, up to `amount`. */
  acknowledge(payer: string, subject: string, amount: number, unit: string): void {
    const key = `${payer} ${subject} ${unit}`;
    const moved = Math.min(amount, this.payables.get(key) ?? 0);
    if (moved <= 0) return;
    add(this.payables, key, -moved);
    this.move([payer, 'Payable'], [payer, 'Liability'], moved, unit);
  }

  /** The payer owes again on a subject. */
  reopen(payer: string, subject: string, amount: number, unit: string): void {
    this.move([payer, 'Liability'], [payer, 'Payable'], amount, unit);
    add(this.payables, `${payer} ${subject} ${unit}`, amount);
    add(this.due, `${subject} ${unit}`, amount);
  }

  /** Takes an order back. */
  withdrawOrder(line: { provider: string; payer: string; subject: string; amount: number; unit: string }): void {
    const { provider, payer, subject, amount, unit } = line;
    this.move([payer, 'Payable'], [provider, 'Receivable'], amount, unit);
    add(this.payables, `${payer} ${subject} ${unit}`, -amount);
    add(this.due, `${subject} ${unit}`, -amount);
  }

  /** Reduces what is due on a subject. */
  settle(subject: string, amount: number, unit: string): void {
    add(this.due, `${subject} ${unit}`, -amount);
  }

  /** Returns what a payer owes, by unit; excludes zero. */
  statement(payer: string): Map<string, number> {
    const totals = new Map<string, number>();
    for (const [key, amount] of this.due) {
      const [subject = '', unit = ''] = key.split(' ');
      if (amount !== 0 && this.payers.get(subject)?.has(payer)) add(totals, unit, amount);
    }
    return totals;
  }
}

function add(map: Map<string, number>, key: string, amount: number): void {
  map.set(key, (map.get(key) ?? 0) + amount);
}
