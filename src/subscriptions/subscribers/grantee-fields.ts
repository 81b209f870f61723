import { parseEmail } from '#kernel/email';
import { invalidInput, Problem } from '#kernel/problem';
import type { GrantInput } from '../invitations/index.ts';

/** Returns the subscriber that a typeahead names: a person to invite by e-mail address, else a profile by its slug. */
export function granteeOf(typed: string, full_name: string): { profile: GrantInput['profile']; force: boolean } {
  const email = parseEmail(typed);
  if (email === null) return { profile: { slug: typed, full_name: '' }, force: false };
  const name = full_name === '' ? (email.split('@')[0] ?? email) : full_name;
  return { profile: { email, full_name: name.slice(0, 100), type: 'personal' }, force: true };
}

/** Converts the refusal of a grant to one that names the fields of the form. */
export function toFormProblem(error: unknown): unknown {
  if (!(error instanceof Problem)) return error;
  if (error.code === 'subscriber_unknown') {
    return invalidInput({ subscriber: ['No profile has this name. Write an e-mail address to invite a person.'] });
  }
  const messages = Object.entries(error.fields ?? {});
  if (!messages.some(([name]) => name.startsWith('profile'))) return error;
  return invalidInput({ subscriber: messages.flatMap(([, texts]) => texts) });
}
