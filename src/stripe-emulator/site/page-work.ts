import { ApiError, parseForm, scopeOf, type Context, type StoredObject } from '../engine/index.ts';
import { makeErrorPage, type PageResponse } from '../pages/index.ts';
import type { CallRequest, Emulator } from '../server/index.ts';

/** A request of a page with its fields and parts of the path. */
export interface PageRequest {
  readonly method: string;
  readonly pathname: string;
  /** Fields of the query, and of the form of a POST. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Reads the fields of a page; nested ones are left out. */
export function readPageRequest({ method, pathname, query, body }: CallRequest): PageRequest {
  const fields = { ...textsOf(query), ...(method === 'POST' ? textsOf(body) : {}) };
  return { method, pathname, fields };
}

/**
 * Does the work of a page in one unit: what is due first, then the work; its changes stay together.
 *
 * A declined card keeps its changes, as in a call of the API. Other refusals undo them.
 */
export function workOnPage(emulator: Emulator, work: () => PageResponse): PageResponse {
  emulator.tick();
  try {
    const response = work();
    emulator.commit();
    return response;
  } catch (error) {
    emulator.world.rollback();
    if (!(error instanceof ApiError)) throw error;
    return makeErrorPage(error.status, 'This did not work', error.message);
  }
}

/** Returns an object of one of these kinds with the context of its account, or null. */
export function findPlaced(
  emulator: Emulator,
  id: string,
  kinds: readonly string[],
): { ctx: Context; value: StoredObject } | null {
  const row = emulator.world.row(id);
  if (!row || !kinds.includes(row.kind)) return null;
  return { ctx: emulator.contextOf(scopeOf(row.scope)), value: row.value };
}

function textsOf(form: string): Record<string, string> {
  const pairs = Object.entries(parseForm(form));
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}
