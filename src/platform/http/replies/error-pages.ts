import { type Static, Type } from 'typebox';
import type { Problem } from '#kernel/problem';
import { definePage, type PageType } from '../page-type.ts';

const ErrorData = Type.Object({
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.String(),
  request_id: Type.String(),
  /** Path of the page that resolves the refusal. */
  resolve_path: Type.Union([Type.String(), Type.Null()]),
});
type ErrorData = Static<typeof ErrorData>;

function defineErrorPage(status: number, code: string, detail: string): PageType<ErrorData> {
  const typical = { status, code, detail, request_id: 'req-1', resolve_path: null };
  return definePage(`${status}.html`, ErrorData, {
    typical,
    resolvable: { ...typical, resolve_path: '/users/verify/' },
  });
}

/** Error pages of the default theme. A theme may have a page for any other status too. */
export const errorPageTypes = [
  defineErrorPage(400, 'invalid_input', 'Some fields need your attention.'),
  defineErrorPage(403, 'permission_denied', 'You do not have permission to perform this action.'),
  defineErrorPage(404, 'not_found', 'Not found.'),
  defineErrorPage(500, 'internal_error', 'An error occurred.'),
  defineErrorPage(503, 'database_unavailable', 'The database is not available.'),
] as const;

const [badRequest, , , internalError] = errorPageTypes;

/** Returns the page of a status: its own when the theme has one, otherwise that of 400 or 500. */
export function errorPageOf(status: number, hasTemplate: (name: string) => boolean): PageType<ErrorData> {
  const own = errorPageTypes.find(({ template }) => template === `${status}.html`);
  if (own) return own;
  if (hasTemplate(`${status}.html`)) return { ...badRequest, template: `${status}.html` };
  return status >= 500 ? internalError : badRequest;
}

/** Returns the data of the error page of a problem. */
export function errorDataOf(problem: Problem, request_id: string): ErrorData {
  const { status, code, message, extra } = problem;
  return { status, code, detail: message, request_id, resolve_path: extra.location ?? null };
}
