import { Type } from 'typebox';
import { invalidInput } from '#kernel/problem';
import { textField } from '../../http/forms.ts';

/** A thing that a typeahead found. */
export interface Candidate {
  /** What the form sends: a slug or a user name. */
  readonly value: string;
  readonly label: string;
  /** Line that distinguishes candidates of one name, such as an address. */
  readonly note?: string;
}

/** Most candidates that a page shows. */
export const CANDIDATES_MAX = 5;

/** Member of the data of a page with a typeahead: candidates by field. */
export const candidates_part = {
  candidates: Type.Record(
    Type.String(),
    Type.Array(Type.Object({ value: Type.String(), label: Type.String(), note: Type.Optional(Type.String()) })),
  ),
};

/** Outcome of a typeahead: a value, or candidates among which the person chooses on the page. */
export type Picked = { readonly value: string } | { readonly candidates: readonly Candidate[] };

/**
 * Resolves the text of a typeahead without scripts: a chosen row wins, a text that is exactly one candidate is that
 * candidate, and any other text returns the candidates found, at most five.
 *
 * Without any candidate, and when the row "as new" was chosen, the value is the text itself: the verb refuses or
 * invites. A chosen value is input: the verb checks that the caller may use it.
 */
export async function pickCandidate(
  body: unknown,
  name: string,
  search: (text: string) => Promise<readonly Candidate[]>,
): Promise<Picked> {
  const text = textField(body, name, 254);
  const hasChoice = typeof body === 'object' && body !== null && Object.hasOwn(body, `${name}_choice`);
  if (hasChoice) return { value: textField(body, `${name}_choice`, 254) || text };
  if (text === '') return { value: '' };
  const found = (await search(text)).slice(0, CANDIDATES_MAX);
  const exact = found.find(({ value }) => value.toLowerCase() === text.toLowerCase());
  if (exact !== undefined) return { value: exact.value };
  return found.length === 0 ? { value: text } : { candidates: found };
}

/** Returns the refusal of a form that needs a choice among the candidates of a field. */
export function chooseOne(name: string, count: number): Error {
  return invalidInput({
    [name]: [count === 1 ? 'Is it this one? Send again to confirm.' : 'Choose one of those found.'],
  });
}
