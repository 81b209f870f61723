import { type Plan, type PriceOption, priceOptions, setupFee } from '#catalog';
import { invalidInput } from '#kernel/problem';
import type { Money } from '#kernel/money';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { randomKey40 } from '#platform/security/crypto';
import { type CsvRow, decodeText } from '#platform/csv/read-csv';
import { parsePerson, type Person, readRows } from '../cart/index.ts';
import { findSeatAddresses } from '../records/index.ts';
import { upsertSeatUpload } from './seat-upload-store.ts';

/** A cell of the file that is rejected. `row` is the line in the file, from 1. */
export interface RowFault {
  row: number;
  field: 'row' | 'full_name' | 'email';
  message: string;
}

export interface ReadPeople {
  people: Person[];
  faults: RowFault[];
}

/** What a list would add to the cart. */
export interface PeoplePreview {
  /** Key of the list in the form that confirms it; null if no row is accepted. */
  key: string | null;
  people_count: number;
  /** People that are in the cart already; their names are updated. */
  present_count: number;
  /** Price of all seats that are added, without coupons. */
  total: Money;
  each: Money;
  faults: RowFault[];
}

/** Words of a first line that names the columns. */
const headings = /^(?:e-?mail(?: address)?|(?:first|last|full|given|family)?[ _]?name|first|last|surname)$/i;

/** Reads people from the rows of a file: the accepted ones, and every fault with its row and field. Pure. */
export function readPeople(rows: readonly CsvRow[]): ReadPeople {
  const [first] = rows;
  const has_headings =
    first !== undefined && first.cells.length > 1 && first.cells.every((cell) => headings.test(cell));
  const people: Person[] = [];
  const faults: RowFault[] = [];
  const rowOfEmail = new Map<string, number>();
  for (const { number: row, cells } of has_headings ? rows.slice(1) : rows) {
    const person = parsePerson(cells);
    if ('error' in person) {
      faults.push(...faultsOf(row, person.error));
      continue;
    }
    const earlier = rowOfEmail.get(person.email);
    if (earlier !== undefined) {
      faults.push({ row, field: 'email', message: `Row ${earlier} has this e-mail address.` });
      continue;
    }
    rowOfEmail.set(person.email, row);
    people.push(person);
  }
  return { people, faults };
}

function faultsOf(row: number, error: string | Record<string, string[]>): RowFault[] {
  if (typeof error === 'string')
    return [
      {
        row,
        field: 'row',
        message: 'Write a name and an e-mail address, or a first name, a last name and an address.',
      },
    ];
  return Object.entries(error).map(([field, messages]) => ({
    row,
    field: field === 'email' ? 'email' : 'full_name',
    message: messages.join(' '),
  }));
}

/** Returns the ways to pay for a seat of a plan now. */
export function seatOptions(plan: Plan, at: Date): PriceOption[] {
  return priceOptions(plan, { coupon: null, from: at });
}

/**
 * Reads an uploaded list and keeps its accepted people for a day, until the buyer confirms them. The cart is unchanged.
 * @throws invalid_input (400) naming `file` or `option`
 */
export async function previewPeople(
  ctx: Context,
  user_id: UserId,
  { plan, option, bytes }: { plan: Plan; option: number; bytes: Uint8Array | null },
): Promise<PeoplePreview> {
  if (bytes === null) throw invalidInput({ file: ['Choose a file.'] });
  const at = ctx.clock.now();
  const chosen = seatOptions(plan, at)[Math.max(1, option) - 1];
  if (!chosen) throw invalidInput({ option: ['Choose how long to pay for.'] });
  const { people, faults } = readPeople(readRows(decodeText(bytes)));
  if (people.length === 0 && faults.length === 0) throw invalidInput({ file: ['The file has no rows.'] });
  const present = await findSeatAddresses(ctx.db, user_id, plan.id);
  const present_count = people.filter(({ email }) => present.has(email)).length;
  const key = people.length === 0 ? null : randomKey40();
  if (key !== null) {
    const upload = { user_id, plan_id: plan.id, key, option: Math.max(1, option), people, created_at: at };
    await inTransaction(ctx.db, (tx) => upsertSeatUpload(tx, upload));
  }
  const each = { amount: chosen.amount + (setupFee(plan)?.amount ?? 0), unit: plan.unit };
  const total = { amount: each.amount * (people.length - present_count), unit: plan.unit };
  return { key, people_count: people.length, present_count, total, each, faults };
}
