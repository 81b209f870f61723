import { findUserByEmail, findUserByUsername, printableName, type User } from '#accounts';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { type Candidate, pickCandidate } from '#platform/pages/forms/candidates';
import { findInvitees } from '#profiles';

/** The person for which a path is tried. */
export type Person =
  /** A caller who is not signed in. */
  | { readonly kind: 'visitor' }
  /** A signed-in user without roles, profiles and subscriptions. */
  | { readonly kind: 'newcomer' }
  | { readonly kind: 'user'; readonly user: User };

/** The person, or what the page asks for instead. */
export type FoundPerson = Person | { readonly candidates: readonly Candidate[] } | { readonly message: string };

/** Finds the person that the form names: by user name, by e-mail address, or by part of a name. */
export async function findPerson(ctx: Context, as: string, query: unknown): Promise<FoundPerson> {
  if (as === 'visitor' || as === 'newcomer') return { kind: as };
  const picked = await pickCandidate(query, 'user', async (text) => {
    const user_id = actorId(ctx);
    if (user_id === null || text.includes('@') || (await findUserByUsername(ctx.db, text))) return [];
    const users = await findInvitees(ctx, user_id, text);
    return users.map(({ username, printable_name }) => ({ value: username, label: printable_name, note: username }));
  });
  if ('candidates' in picked) return picked;
  if (picked.value === '') return { message: 'Write a user name or an e-mail address.' };
  const find = picked.value.includes('@') ? findUserByEmail : findUserByUsername;
  const user = await find(ctx.db, picked.value);
  return user ? { kind: 'user', user } : { message: 'No account has this name or address.' };
}

/** Name of a person at the start of a sentence. */
export function personName(person: Person): string {
  switch (person.kind) {
    case 'visitor':
      return 'A visitor';
    case 'newcomer':
      return 'A signed-in user without profile';
    case 'user':
      return printableName(person.user);
  }
}
