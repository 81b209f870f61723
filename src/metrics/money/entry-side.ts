/** Entries on one side of which is an account of a provider. */
export interface EntrySide {
  own: 'orig' | 'dest';
  account: string;
  /** Accounts on the other side; null for any. */
  others: readonly string[] | null;
  /** What an entry adds is its amount of the own side, with this sign. */
  sign: 1 | -1;
}

const fixed: Readonly<Record<string, readonly EntrySide[]>> = {
  payments: [
    { own: 'dest', account: 'Receivable', others: ['Backlog'], sign: 1 },
    { own: 'dest', account: 'Credit', others: ['Liability'], sign: -1 },
  ],
  refunds: [{ own: 'dest', account: 'Refund', others: null, sign: 1 }],
  'credit-notes': [
    { own: 'dest', account: 'Receivable', others: ['Payable'], sign: 1 },
    { own: 'dest', account: 'Backlog', others: ['Refunded'], sign: 1 },
  ],
  'credits-used': [{ own: 'dest', account: 'Credit', others: ['Liability'], sign: 1 }],
};

/**
 * Returns the entries of series of `metric_postings` by their accounts, as an index of the ledger has them. An entry
 * may be in several sides: it adds the sum of them.
 */
export function sidesOf(series: readonly string[]): EntrySide[] {
  const sides = new Map<string, EntrySide>();
  for (const side of series.flatMap(sidesOfOne)) {
    const key = `${side.own} ${side.account} ${side.sign} ${side.others === null}`;
    const others = [...(sides.get(key)?.others ?? []), ...(side.others ?? [])];
    sides.set(key, { ...side, others: side.others && others });
  }
  return [...sides.values()];
}

function sidesOfOne(series: string): readonly EntrySide[] {
  const [kind, account = ''] = series.split(':');
  if (kind === 'account')
    return [
      { own: 'dest', account, others: null, sign: 1 },
      { own: 'orig', account, others: null, sign: -1 },
    ];
  if (kind === 'backlog')
    return [
      { own: 'orig', account: 'Backlog', others: [account], sign: 1 },
      { own: 'dest', account: 'Backlog', others: [account], sign: -1 },
    ];
  const sides = fixed[series];
  if (!sides) throw new Error(`the entries of series ${series} have no accounts`);
  return sides;
}
