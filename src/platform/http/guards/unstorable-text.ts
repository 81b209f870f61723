import type { FastifyRequest } from 'fastify';
import { inputProblems, invalidInput } from '#kernel/problem';

/**
 * Refuses an address with a NUL, which PostgreSQL cannot store, so that no name contains it.
 * @throws malformed_body (400)
 */
export function requireStorableUrl({ url }: FastifyRequest): void {
  if (url.includes('%00'))
    throw inputProblems.malformed_body({ detail: 'The address of the request could not be read.' });
}

/** Maximum depth of a body: deeper than any valid document, far below a stack overflow. */
const DEPTH_MAX = 50;

/**
 * Refuses a body with a NUL or half of a surrogate pair in any field, so that no schema needs the rule.
 * @throws invalid_input (400) naming the field · malformed_body (400) when it is the name of a field
 */
export function requireStorableBody({ body }: FastifyRequest): void {
  // Signed bytes are verified and parsed by their route, which stores none of them.
  if (Buffer.isBuffer(body)) return;
  if (Array.isArray(body) || !isContainer(body)) {
    if (!isStorable(body)) throw inputProblems.malformed_body();
    return;
  }
  for (const [name, value] of Object.entries(body)) {
    if (!isStorableText(name)) throw inputProblems.malformed_body();
    if (!isStorable(value))
      throw invalidInput({ [name]: ['This holds a character that cannot be stored, or is nested too deeply.'] });
  }
}

function isStorable(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return isStorableText(value);
  if (!isContainer(value)) return true;
  if (depth >= DEPTH_MAX) return false;
  return Object.entries(value).every(([name, member]) => isStorableText(name) && isStorable(member, depth + 1));
}

function isStorableText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value);
}
