import { parse } from 'csv-parse/sync';
import { findPlanBySlug, type Plan } from '#catalog';
import { parseEmail } from '#kernel/email';
import { invalidInput } from '#kernel/problem';
import { normalizeCode } from '#kernel/text';
import type { Context } from '#platform/context';
import { addToCart, type AddedItem } from './add-to-cart.ts';
import type { CartOwner } from '../records/index.ts';

export const UPLOAD_ROWS_MAX = 200;

interface FailedRow {
  data: { raw: string[] };
  error: string | Record<string, string[]>;
}

interface UploadOutcome {
  plan: Plan | null;
  created: AddedItem[];
  updated: AddedItem[];
  failed: FailedRow[];
}

interface Person {
  full_name: string;
  email: string;
}

/**
 * Adds one item to the cart for each row of a CSV file: `first,last,email` or `full name,email`, without a header line.
 * Returns rejected rows with the reason; adds all others together.
 * @throws invalid_input (400) naming `plan` or `file`
 *
 * @see docs/spec/billing.md 4.3
 */
export async function uploadCart(
  ctx: Context,
  owner: CartOwner,
  plan_slug: string,
  text: string,
): Promise<UploadOutcome> {
  const plan = await findPlanBySlug(ctx.db, plan_slug);
  if (!plan?.is_active) throw invalidInput({ plan: [`Plan '${plan_slug}' does not exist or is inactive.`] });
  const rows = readRows(text);
  const failed: FailedRow[] = [];
  const people: Person[] = [];
  for (const raw of rows) {
    const person = parsePerson(raw);
    if ('error' in person) failed.push({ data: { raw }, error: person.error });
    else people.push(person);
  }
  const added =
    people.length === 0
      ? []
      : await addToCart(
          ctx,
          owner,
          people.map((person) => ({
            plan: plan.slug,
            sync_on: person.email,
            email: person.email,
            full_name: person.full_name,
          })),
        );
  return { plan, created: added.filter((each) => each.is_new), updated: added.filter((each) => !each.is_new), failed };
}

function readRows(text: string): string[][] {
  let rows: unknown;
  try {
    rows = parse(text, {
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      bom: true,
      to: UPLOAD_ROWS_MAX + 1,
    });
  } catch (error) {
    throw invalidInput({ file: [`The file is not CSV: ${error instanceof Error ? error.message : 'unreadable'}`] });
  }
  if (!Array.isArray(rows)) return [];
  if (rows.length > UPLOAD_ROWS_MAX) throw invalidInput({ file: [`The file has more than ${UPLOAD_ROWS_MAX} rows.`] });
  return rows.filter((row): row is string[] => Array.isArray(row));
}

/** Parses one row as a person, or returns the error of the row. */
export function parsePerson(raw: readonly string[]): Person | { error: FailedRow['error'] } {
  if (raw.length !== 2 && raw.length !== 3) return { error: 'Unable to parse row' };
  const email = parseEmail(normalizeCode(raw.at(-1) ?? ''));
  const full_name = raw.slice(0, -1).join(' ').trim();
  const error: Record<string, string[]> = {};
  if (full_name === '' || full_name.length > 150) error['full_name'] = ['Enter a name of at most 150 characters.'];
  if (email === null) error['email'] = ['Enter a valid email address.'];
  return email === null || Object.keys(error).length > 0 ? { error } : { full_name, email };
}
