import { accounts, moveAmount, type NewEntry, type LedgerSubject } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Db } from '#platform/db/database';
import { next } from '../factories.ts';

/** A profile with required fields only. */
export async function makeParty(db: Db, slug: string = next('party')): Promise<ProfileId> {
  const { id } = await inTransaction(db, (tx) =>
    tx
      .insertInto('profiles')
      .values({ slug, full_name: slug, created_at: new Date('2026-01-01T00:00:00Z') })
      .returning('id')
      .executeTakeFirstOrThrow(),
  );
  return id;
}

let subjects = 9000;
/** A subject; without an id one that no other test of the process uses. */
export function makeSubject(facts: Partial<LedgerSubject> = {}): LedgerSubject {
  return { kind: 'sub', id: String((subjects += 1)), part: '', ...facts };
}

interface Sale {
  provider: ProfileId;
  payer: ProfileId;
  amount: number;
  unit?: string;
  subject: LedgerSubject;
  created_at?: Date;
  description?: string;
}

/** The entry of an order: the amount that the payer owes the provider. */
export function orderEntry({ provider, payer, amount, unit = 'usd', subject, ...rest }: Sale): NewEntry {
  return moveAmount({
    from: { profile_id: provider, account: accounts.receivable },
    to: { profile_id: payer, account: accounts.payable },
    amount,
    unit,
    subject,
    description: rest.description ?? 'Subscription to basic until 2026/02/28 (1 month)',
    ...(rest.created_at ? { created_at: rest.created_at } : {}),
  });
}

/** The entry that settles an order, as a payment does. */
export function paidEntry({ provider, amount, unit = 'usd', subject, ...rest }: Omit<Sale, 'payer'>): NewEntry {
  return moveAmount({
    from: { profile_id: provider, account: accounts.backlog },
    to: { profile_id: provider, account: accounts.receivable },
    amount,
    unit,
    subject,
    description: rest.description ?? 'Charge ch_1 distribution for xia:basic',
    ...(rest.created_at ? { created_at: rest.created_at } : {}),
  });
}

/** The entry that reverses an order. */
export function writtenOffEntry({ provider, payer, amount, unit = 'usd', subject, ...rest }: Sale): NewEntry {
  return moveAmount({
    from: { profile_id: provider, account: accounts.receivable },
    to: { profile_id: payer, account: accounts.canceled },
    amount,
    unit,
    subject,
    description: 'Write off receivable for xia:basic',
    ...(rest.created_at ? { created_at: rest.created_at } : {}),
  });
}
