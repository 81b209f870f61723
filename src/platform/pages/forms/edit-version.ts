import { createHash } from 'node:crypto';
import { Problem } from '#kernel/problem';
import { textField } from '../../http/forms.ts';
import { formProblems } from './problems.ts';

/** Name of the hidden field with the version of an edit form. */
export const VERSION_FIELD = 'edit_version';

/** Fields that changed since the form was read, with their present values. */
export interface EditConflict {
  readonly names: readonly string[];
}

/**
 * Returns the version of the edited fields: one short hash for each, so that a later comparison names the fields that
 * differ. Equal values have equal versions: a change that was taken back is no conflict.
 */
export function editVersion(fields: Readonly<Record<string, unknown>>): string {
  return Object.keys(fields)
    .toSorted()
    .map((name) => `${name}:${hashOf(name, fields[name])}`)
    .join('.');
}

/** Returns the version that a posted edit form carries; '' when it carries none. */
export function sentVersion(body: unknown): string {
  return textField(body, VERSION_FIELD, 4000);
}

/**
 * Returns the version for a form that is shown. A form that is shown again without being saved keeps the version that
 * it was read with, so that changes of others meanwhile are noticed; after a conflict it gets the present one.
 */
export function shownVersion(
  { body, is_kept }: { body: unknown; is_kept: boolean },
  fields: Readonly<Record<string, unknown>>,
): string {
  return is_kept ? sentVersion(body) : editVersion(fields);
}

/** Returns the names of the fields that changed since a version was made; unknown names are ignored. */
export function changedSince(version: string, fields: Readonly<Record<string, unknown>>): string[] {
  const read = new Map(
    version.split('.').map((part) => [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)]),
  );
  return Object.keys(fields).filter((name) => read.has(name) && read.get(name) !== hashOf(name, fields[name]));
}

/**
 * Requires that the edited fields are as they were when the form was read. Called by the verb, on the locked row, so
 * that nothing changes between the check and the write. Without a version (the API) nothing is checked.
 *
 * @throws edit_conflict (409) whose member `changed` names the fields
 */
export function requireSameVersion(version: string | undefined, fields: Readonly<Record<string, unknown>>): void {
  if (version === undefined || version === '') return;
  const changed = changedSince(version, fields);
  if (changed.length > 0) throw formProblems.edit_conflict({ members: { changed } });
}

/** Returns the fields that changed meanwhile if a form was refused for that reason, else null. */
export function findEditConflict(error: unknown): EditConflict | null {
  if (!(error instanceof Problem) || error.code !== formProblems.edit_conflict.code) return null;
  const changed: unknown = error.extra.members?.['changed'];
  return { names: Array.isArray(changed) ? changed.filter((name) => typeof name === 'string') : [] };
}

function hashOf(name: string, value: unknown): string {
  const text = JSON.stringify([name, value instanceof Date ? value.toISOString() : (value ?? null)]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
