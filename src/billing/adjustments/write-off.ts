import { accounts, findHoldings, findUnpaidIncome, isSameSubject, lockSubjects } from '#ledger';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import type { Profile } from '#profiles';
import type { Invoicable } from '../records/index.ts';
import { type DuePart, groupParts, type SettledPart, writeOffEntries } from './adjustment.ts';
import { recordAdjustments } from './record-adjustments.ts';

/** Writes off balances of a payer in the caller's transaction, which has locked the payer and the subscriptions. */
export async function writeOffDue(
  ctx: Context,
  tx: Tx,
  payer: Profile,
  balances: readonly Invoicable[],
  at: Date,
): Promise<void> {
  const groups = groupParts(await addPayables(tx, payer.id, dueParts(balances)));
  await recordAdjustments(
    ctx,
    tx,
    groups.map((group) => ({
      kind: 'write_off',
      profile_id: payer.id,
      provider_id: group.provider_id,
      amount: group.amount,
      unit: group.unit,
      description: writeOffText(group),
      at,
      request_key: null,
      entries: writeOffEntries(payer.id, group),
    })),
  );
}

/** Returns the description of a write-off: the subscriptions that it settles. */
export function writeOffText({ parts }: { parts: readonly DuePart[] }): string {
  return `Write off for ${parts.map(({ label }) => label).join(', ')}`.slice(0, 500);
}

/** Returns the parts of balances by subject, in the order of the statement. */
export function dueParts(balances: readonly Invoicable[]): DuePart[] {
  return balances.flatMap(({ key, lines }) =>
    lines.flatMap(({ subject, amount, unit, provider_id }) =>
      subject === null || amount <= 0 ? [] : [{ subject, amount, unit, provider_id, label: key }],
    ),
  );
}

/**
 * Adds what is payable on the subject of each part, and the income that came from Receivable. Parts on one subject
 * share both, in their order.
 */
export async function addPayables(tx: Tx, payer_id: ProfileId, parts: readonly DuePart[]): Promise<SettledPart[]> {
  const merged = groupParts(parts).flatMap((group) => group.parts);
  const subjects = merged.map(({ subject }) => subject);
  await lockSubjects(tx, subjects);
  const [holdings, incomes] = await mergeReads(tx, [
    (together) => findHoldings(together, subjects, accounts.payable),
    (together) => findUnpaidIncome(together, subjects),
  ]);
  return merged.map((part) => {
    const isOn = ({ subject, unit }: { subject: DuePart['subject']; unit: string }) =>
      unit === part.unit && isSameSubject(subject, part.subject);
    return {
      ...part,
      payable: holdings.find((each) => each.profile_id === payer_id && isOn(each))?.amount ?? 0,
      unpaid_income: incomes.find(isOn)?.amount ?? 0,
    };
  });
}
