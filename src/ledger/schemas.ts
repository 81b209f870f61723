import { type Static, Type } from 'typebox';
import type { LedgerEntryId, LedgerEventId } from '#platform/db/db-schema';
import { IsoInstant, NullableInstant, PageOf } from '#platform/http/schemas';
import { ProfileSummarySchema } from '#profiles';
import type { LedgerSubject } from './subject.ts';

const Account = Type.String({ description: 'Account of the profile: Payable, Receivable, Funds…' });

/** An entry of the ledger as the API shows it. */
export const TransactionSchema = Type.Object(
  {
    created_at: IsoInstant,
    description: Type.String({ description: 'HTML: plain text, with a link where a charge is mentioned' }),
    amount: Type.String({ description: 'Formatted amount, in parentheses when the profile pays it' }),
    is_debit: Type.Boolean(),
    orig_account: Account,
    orig_profile: ProfileSummarySchema,
    orig_amount: Type.Integer({ description: 'In 1/100 of orig_unit' }),
    orig_unit: Type.String({ description: 'ISO 4217, lower case' }),
    dest_account: Account,
    dest_profile: ProfileSummarySchema,
    dest_amount: Type.Integer({ description: 'In 1/100 of dest_unit' }),
    dest_unit: Type.String({ description: 'ISO 4217, lower case' }),
  },
  { title: 'Transaction' },
);
export type TransactionBody = Static<typeof TransactionSchema>;

/** A transaction with further facts for pages: entry and event, text in the ledger, subject and receipt. */
export type PresentedTransaction = TransactionBody & {
  entry_id: LedgerEntryId;
  event_id: LedgerEventId;
  text: string;
  subject: LedgerSubject | null;
  /** Key at the processor of the charge that the entry is about. */
  receipt_key: string | null;
  location: string | null;
};

const MoneySchema = Type.Object({ amount: Type.Integer(), unit: Type.String() });

/** Members of a list of amounts besides its page. `balances` has every unit, `balance_amount` the main one. */
export const balanceFields = {
  start_at: NullableInstant,
  ends_at: IsoInstant,
  balance_amount: Type.Integer({ description: 'In 1/100 of balance_unit' }),
  balance_unit: Type.String({ description: 'ISO 4217, lower case' }),
  balances: Type.Array(MoneySchema, { description: 'Balance in each unit' }),
};

export const TransactionPage = Type.Object({ ...balanceFields, ...PageOf(TransactionSchema).properties });
