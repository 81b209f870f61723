import type { Selectable } from 'kysely';
import type { Money } from '#kernel/money';
import { accounts, fromSubjectColumns, isSameSubject, type LedgerSubject, moveAmount, type NewEntry } from '#ledger';
import { invalidInput } from '#kernel/problem';
import type { AdjustmentsTable, ProfileId } from '#platform/db/db-schema';

/**
 * Change of an amount due that no processor made: a write-off, a payment received elsewhere for a balance, or an
 * imported sale that was paid elsewhere. It can be reversed once.
 */
export type Adjustment = Selectable<AdjustmentsTable>;

export type AdjustmentKind = Adjustment['kind'];

/** Part of a balance: what one payer owes one provider on one subject, > 0. */
export interface DuePart extends Money {
  provider_id: ProfileId;
  subject: LedgerSubject;
  /** Subscriber and plan, such as `xia:basic`. */
  label: string;
}

/** A part to settle. */
export interface SettledPart extends DuePart {
  /** Payable of the payer on the subject, in the unit of the part. */
  payable: number;
  /** Income on the subject that was taken from Receivable, in the unit of the part. */
  unpaid_income: number;
}

/** Parts of one provider in one unit, which one adjustment settles. */
export interface Settled<T extends DuePart = DuePart> {
  provider_id: ProfileId;
  unit: string;
  amount: number;
  parts: T[];
}

/**
 * Returns the parts of a balance that `amount` settles, in their order; the last one may be settled in part. All of
 * them without an amount. Pure.
 * @throws invalid_input (400) naming `amount` if it is more than the balance, or the balance has several units
 */
export function takeParts(parts: readonly DuePart[], amount: number | null): DuePart[] {
  if (amount === null || parts.length === 0) return [...parts];
  const units = new Set(parts.map(({ unit }) => unit));
  if (units.size > 1)
    throw invalidInput({ amount: ['The balance is in several currencies. Leave the amount out to settle all of it.'] });
  const due = parts.reduce((sum, part) => sum + part.amount, 0);
  if (amount > due) throw invalidInput({ amount: [`Ensure this value is less than or equal to ${due}.`] });
  let left = amount;
  return parts.flatMap((part) => {
    const taken = Math.min(left, part.amount);
    left -= taken;
    return taken === 0 ? [] : [{ ...part, amount: taken }];
  });
}

/** Groups parts by provider and unit, and adds up the parts on one subject. Keeps the order. Pure. */
export function groupParts<T extends DuePart>(parts: readonly T[]): Settled<T>[] {
  const groups: Settled<T>[] = [];
  for (const part of parts) {
    let group = groups.find(({ provider_id, unit }) => provider_id === part.provider_id && unit === part.unit);
    if (!group) {
      group = { provider_id: part.provider_id, unit: part.unit, amount: 0, parts: [] };
      groups.push(group);
    }
    group.amount += part.amount;
    const same = group.parts.find(({ subject }) => isSameSubject(subject, part.subject));
    if (same) same.amount += part.amount;
    else group.parts.push({ ...part });
  }
  return groups;
}

/** Makes the entries of a write-off, on the subjects that own the balance. @see docs/spec/billing.md 2.10 */
export function writeOffEntries(payer_id: ProfileId, { provider_id, parts }: Settled<SettledPart>): NewEntry[] {
  return parts.flatMap((part) => [
    ...settleDebt(payer_id, part),
    moveAmount({
      ...part,
      from: { profile_id: payer_id, account: accounts.liability },
      to: { profile_id: provider_id, account: accounts.writeoff },
      description: `Write off liability for ${part.label}`,
    }),
    moveAmount({
      ...part,
      from: { profile_id: provider_id, account: accounts.receivable },
      to: { profile_id: payer_id, account: accounts.canceled },
      description: `Write off receivable for ${part.label}`,
    }),
  ]);
}

const BALANCED = 'Keep a balanced ledger';

/** Moves what is payable into debt, as far as the part settles it. */
function settleDebt(payer_id: ProfileId, part: SettledPart): NewEntry[] {
  const amount = Math.min(part.amount, part.payable);
  if (amount <= 0) return [];
  return [
    moveAmount({
      ...part,
      amount,
      from: { profile_id: payer_id, account: accounts.payable },
      to: { profile_id: payer_id, account: accounts.liability },
      description: BALANCED,
    }),
  ];
}

/**
 * Makes the entries of a payment that the provider received outside of the site. The funds of the provider do not
 * change: the money enters and leaves them. `check` is the subject of the payment itself.
 * @see docs/spec/billing.md 2.9
 */
export function offlineEntries(
  payer_id: ProfileId,
  { provider_id, unit, amount, parts }: Settled<SettledPart>,
  check: LedgerSubject,
  description: string,
): NewEntry[] {
  const funds = { profile_id: provider_id, account: accounts.funds };
  const payment = { amount, unit, subject: check };
  return [
    moveAmount({
      ...payment,
      from: { profile_id: payer_id, account: accounts.liability },
      to: funds,
      description,
    }),
    ...parts.flatMap((part) => [
      ...settleDebt(payer_id, part),
      moveAmount({
        ...part,
        from: { profile_id: provider_id, account: accounts.backlog },
        to: { profile_id: provider_id, account: accounts.receivable },
        description,
      }),
      ...returnIncome(provider_id, part, description),
    ]),
    moveAmount({
      ...payment,
      from: funds,
      to: { profile_id: provider_id, account: accounts.offline },
      description: `${description} - ${BALANCED}`,
    }),
  ];
}

/** Returns income that was earned before its payment from Receivable to Backlog, as far as the part pays it. */
function returnIncome(provider_id: ProfileId, part: SettledPart, description: string): NewEntry[] {
  const amount = Math.min(part.amount, part.unpaid_income);
  if (amount <= 0) return [];
  return [
    moveAmount({
      ...part,
      amount,
      from: { profile_id: provider_id, account: accounts.receivable },
      to: { profile_id: provider_id, account: accounts.backlog },
      description,
    }),
  ];
}

/** Makes the entries of a sale that was made and paid outside of the site: its order, then its payment. */
export function importEntries(
  payer_id: ProfileId,
  part: DuePart,
  check: LedgerSubject,
  description: string,
): NewEntry[] {
  const order = moveAmount({
    ...part,
    from: { profile_id: part.provider_id, account: accounts.receivable },
    to: { profile_id: payer_id, account: accounts.payable },
    description,
  });
  const settled = { ...part, parts: [{ ...part, payable: part.amount, unpaid_income: 0 }] };
  return [order, ...offlineEntries(payer_id, settled, check, description)];
}

/**
 * Makes the entries that reverse an adjustment: its entries in reverse order with their sides swapped.
 *
 * The payer owes again what the adjustment had settled, as Payable also where it was debt before: an entry to Payable
 * is what raises an amount due. A payment and the income that it returned to Backlog are reversed as one, because an
 * entry from Backlog to Receivable is what lowers an amount due. Pure.
 */
export function reversalEntries(entries: readonly NewEntry[]): NewEntry[] {
  return entries.toReversed().flatMap((entry) => {
    if (isReturnedIncome(entry)) return [];
    const rest = entry.dest_amount - (isPayment(entry) ? sumReturned(entries, entry) : 0);
    const swapped = rest === entry.dest_amount || rest > 0 ? [swapSides(withAmount(entry, rest))] : [];
    const settled = isSettlement(entry) ? entry.dest_amount - sumReopened(entries, entry) : 0;
    if (settled <= 0) return swapped;
    const payer_id = entries.find(({ orig_account }) => orig_account === accounts.liability)?.orig_profile_id;
    if (payer_id === undefined) return swapped;
    const reopened = moveAmount({
      from: { profile_id: payer_id, account: accounts.liability },
      to: { profile_id: payer_id, account: accounts.payable },
      amount: settled,
      unit: entry.dest_unit,
      subject: fromSubjectColumns(entry),
      description: `Reverse: ${BALANCED}`,
    });
    return [...swapped, reopened];
  });
}

function swapSides(entry: NewEntry): NewEntry {
  const { created_at: _, ...rest } = entry;
  return {
    ...rest,
    description: `Reverse: ${entry.description}`,
    orig_profile_id: entry.dest_profile_id,
    orig_account: entry.dest_account,
    orig_amount: entry.dest_amount,
    orig_unit: entry.dest_unit,
    dest_profile_id: entry.orig_profile_id,
    dest_account: entry.orig_account,
    dest_amount: entry.orig_amount,
    dest_unit: entry.orig_unit,
  };
}

function withAmount(entry: NewEntry, amount: number): NewEntry {
  return { ...entry, orig_amount: amount, dest_amount: amount };
}

/** True for the entry that lowers the amount due: the payment of an order, or its write-off. */
function isSettlement(entry: NewEntry): boolean {
  return isPayment(entry) || (entry.orig_account === accounts.receivable && entry.dest_account === accounts.canceled);
}

function isPayment({ orig_account, dest_account }: NewEntry): boolean {
  return orig_account === accounts.backlog && dest_account === accounts.receivable;
}

function isReturnedIncome({ orig_account, dest_account }: NewEntry): boolean {
  return orig_account === accounts.receivable && dest_account === accounts.backlog;
}

/** Sums the income that a payment returned to Backlog on its subject. */
function sumReturned(entries: readonly NewEntry[], payment: NewEntry): number {
  return sumOn(entries.filter(isReturnedIncome), payment);
}

/** Sums what the swapped entries move back to Payable on the subject of a settlement. */
function sumReopened(entries: readonly NewEntry[], settlement: NewEntry): number {
  const opened = entries.filter(
    ({ orig_account, dest_account }) => orig_account === accounts.payable && dest_account === accounts.liability,
  );
  return sumOn(opened, settlement);
}

/** Sums the entries on the subject of another entry. */
function sumOn(entries: readonly NewEntry[], other: NewEntry): number {
  const subject = fromSubjectColumns(other);
  return entries
    .filter((entry) => {
      const own = fromSubjectColumns(entry);
      return subject !== null && own !== null && isSameSubject(own, subject);
    })
    .reduce((sum, { orig_amount }) => sum + orig_amount, 0);
}
