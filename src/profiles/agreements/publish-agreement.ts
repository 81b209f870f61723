import { readInstant } from '#kernel/instant';
import { invalidInput } from '#kernel/problem';
import { slugify } from '#kernel/slug';
import type { Context } from '#platform/context';
import { inTransaction, type Reader } from '#platform/db/database';
import { profileProblems } from '../problems.ts';
import {
  deleteAgreement,
  findAgreement,
  findAgreementByTitle,
  insertAgreement,
  updateAgreement,
} from './agreement-store.ts';
import { type Agreement, TERMS_OF_USE } from './agreement.ts';

/** @throws agreement_unknown (404) */
export async function getAgreement(reader: Reader, slug: string): Promise<Agreement> {
  const agreement = await findAgreement(reader, slug);
  if (!agreement) throw profileProblems.agreement_unknown();
  return agreement;
}

/** Creates an agreement; its slug is derived from the title. @throws invalid_input (400) */
export async function publishAgreement(
  ctx: Context,
  input: { title: string; updated_at?: string | undefined },
): Promise<Agreement> {
  const title = input.title.trim();
  const slug = slugify(title, 150);
  if (slug === '') throw invalidInput({ title: ['Use a title with some letters or digits of the Latin alphabet.'] });
  const updated_at =
    input.updated_at === undefined ? ctx.clock.now() : readInstant('updated_at', input.updated_at, 'UTC');
  const agreement = await inTransaction(ctx.db, (tx) => insertAgreement(tx, { slug, title, updated_at }));
  if (!agreement) throw titleTakenProblem();
  return agreement;
}

/**
 * Changes the title or the version of an agreement. A later `updated_at` makes earlier signatures invalid.
 *
 * @throws agreement_unknown (404) · invalid_input (400)
 */
export async function reviseAgreement(
  ctx: Context,
  slug: string,
  input: { title?: string | undefined; updated_at?: string | undefined },
): Promise<Agreement> {
  return inTransaction(ctx.db, async (tx) => {
    const agreement = await getAgreement(tx, slug);
    const title = input.title?.trim() ?? agreement.title;
    if (title === '') throw invalidInput({ title: ['This field may not be blank.'] });
    const namesake = await findAgreementByTitle(tx, title);
    if (namesake && namesake.id !== agreement.id) throw titleTakenProblem();
    const updated_at =
      input.updated_at === undefined ? agreement.updated_at : readInstant('updated_at', input.updated_at, 'UTC');
    return updateAgreement(tx, agreement.id, { title, updated_at });
  });
}

/** Deletes an agreement and its signatures. @throws agreement_unknown (404) · agreement_protected (400) */
export async function withdrawAgreement(ctx: Context, slug: string): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const agreement = await getAgreement(tx, slug);
    if (agreement.slug === TERMS_OF_USE) throw profileProblems.agreement_protected();
    await deleteAgreement(tx, agreement.id);
  });
}

const titleTakenProblem = () => invalidInput({ title: ['There is already an agreement with this title.'] });
