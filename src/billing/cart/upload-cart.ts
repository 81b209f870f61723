import { findPlanBySlug, type Plan } from '#catalog';
import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { CartOwner } from '../records/index.ts';
import { addToCart, type AddedItem } from './add-to-cart.ts';
import { parsePerson, type Person, readRows } from './people-file.ts';

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

/**
 * Adds one item to the cart for each row of a CSV file: `first,last,email` or `full name,email`, without a header line.
 * Returns rejected rows with the reason; adds all others together, in statements whose number does not depend on the
 * number of rows.
 * @throws invalid_input (400) naming `plan` or `file`; cart_full (400)
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
  const failed: FailedRow[] = [];
  const people: Person[] = [];
  for (const { cells } of readRows(text)) {
    const person = parsePerson(cells);
    if ('error' in person) failed.push({ data: { raw: cells }, error: person.error });
    else people.push(person);
  }
  const added = people.length === 0 ? [] : await addPeople(ctx, owner, plan.slug, people);
  return { plan, created: added.filter((each) => each.is_new), updated: added.filter((each) => !each.is_new), failed };
}

/** Adds one item of a plan for each person to a cart: all of them or none. */
export async function addPeople(
  ctx: Context,
  owner: CartOwner,
  plan: string,
  people: readonly Person[],
  option?: number,
): Promise<AddedItem[]> {
  return addToCart(
    ctx,
    owner,
    people.map(({ full_name, email }) => ({ plan, sync_on: email, email, full_name, option })),
  );
}
