import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { commonProblems, inputProblems, invalidInput, Problem } from '#kernel/problem';
import { classifyDatabaseError, type DatabaseFailure, databaseErrorFacts } from '../../db/failure.ts';
import { bareErrorPage } from './bare-error-page.ts';
import { prefersHtml } from './negotiate.ts';
import { withNext } from '../next.ts';
import { httpProblems } from '../problems.ts';

/**
 * The body of a problem on the wire. Invalid fields are members beside `code`.
 *
 * `code` and `detail` are always single texts: the messages of a field with one of these names (the code of a coupon)
 * are in `errors`.
 */
export function problemBody(problem: Problem): Record<string, unknown> {
  const { members, location } = problem.extra;
  const place = location === undefined ? {} : { location };
  if (problem.fields) {
    const { code, detail, ...fields } = nestFields(problem.fields);
    const errors = { ...(code === undefined ? {} : { code }), ...(detail === undefined ? {} : { detail }) };
    return { ...fields, ...(Object.keys(errors).length === 0 ? {} : { errors }), code: problem.code, ...place };
  }
  return { detail: problem.message, code: problem.code, ...place, ...members };
}

/** Converts any thrown value to a Problem: validation errors become field messages, unknown errors `internal_error`. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isCallerGone(error)) return inputProblems.malformed_body({ cause: error });
  const failure = classifyDatabaseError(error);
  if (failure !== null) return databaseProblem(failure, error);
  if (isFastifyError(error)) {
    if (error.validation) return fromValidation(error);
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE' || error.statusCode === 413) return httpProblems.body_too_large();
    if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' || error.statusCode === 415)
      return httpProblems.media_type_unsupported();
    if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
      return inputProblems.malformed_body({ cause: error });
    }
  }
  return httpProblems.internal_error({ cause: error });
}

const DATABASE_UNAVAILABLE_RETRY_S = 5;
const DATABASE_BUSY_RETRY_S = 2;

/** Converts a database failure for which no verb threw its own problem. */
function databaseProblem(failure: DatabaseFailure, cause: unknown): Problem {
  if (failure === 'unavailable')
    return httpProblems.database_unavailable({ retry_after_s: DATABASE_UNAVAILABLE_RETRY_S, cause });
  if (failure === 'busy') return httpProblems.database_busy({ retry_after_s: DATABASE_BUSY_RETRY_S, cause });
  return httpProblems[failure]({ cause });
}

/**
 * Responds with a problem: JSON for programs; for browsers a redirect to the page that resolves it, or the error page.
 */
export async function replyWithProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
): Promise<FastifyReply> {
  const problem = toProblem(error);
  if (problem.status >= 500) {
    request.log.error({ err: problem.extra.cause ?? error, code: problem.code }, 'request failed');
  } else {
    const facts = databaseErrorFacts(problem.extra.cause);
    request.log.info({ code: problem.code, status: problem.status, ...facts }, 'request refused');
  }
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem.extra.retry_after_s !== undefined) reply.header('retry-after', String(problem.extra.retry_after_s));
  reply.header('cache-control', 'no-store');
  if (prefersHtml(request.raw)) {
    if (
      (problem.status === 401 || problem.status === 402 || problem.status === 403) &&
      problem.extra.location !== undefined
    ) {
      const next = request.method === 'GET' || request.method === 'HEAD' ? request.url : request.keptAt;
      return reply.redirect(withNext(problem.extra.location, next), 302);
    }
    return reply.errorPage(problem);
  }
  return reply
    .status(problem.status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(problemBody(problem)));
}

/**
 * Responds to a request that the router refuses before any hook: without caller, site and page.
 * Never throws: an error here would end the process.
 */
export function replyWithoutContext(request: FastifyRequest, reply: FastifyReply, error: unknown): void {
  const problem = toProblem(error);
  request.log.info({ code: problem.code, status: problem.status }, 'request refused');
  const isPage = prefersHtml(request.raw);
  void reply
    .status(problem.status)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
    .type(isPage ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8')
    .send(isPage ? bareErrorPage(problem, request) : JSON.stringify(problemBody(problem)));
}

export const notFound = () => commonProblems.not_found();

function fromValidation(error: FastifyError): Problem {
  const fields: Record<string, string[]> = {};
  const general: string[] = [];
  for (const issue of error.validation ?? []) {
    const path = issue.instancePath.split('/').filter((part) => part !== '');
    const missing = issue.keyword === 'required' ? issue.params['missingProperty'] : undefined;
    const unknown = issue.keyword === 'additionalProperties' ? issue.params['additionalProperty'] : undefined;
    if (typeof missing === 'string') path.push(missing);
    if (typeof unknown === 'string') path.push(unknown);
    const message = messageOf(issue.keyword, issue.params, issue.message);
    if (path.length === 0) general.push(message);
    else (fields[path.join('.')] ??= []).push(message);
  }
  if (Object.keys(fields).length > 0) return invalidInput(fields);
  return inputProblems.invalid_input({
    detail: `The ${error.validationContext ?? 'body'} is not valid. ${general[0] ?? ''}`.trim(),
  });
}

function messageOf(keyword: string, params: Record<string, unknown>, message: string | undefined): string {
  switch (keyword) {
    case 'required':
      return 'This field is required.';
    case 'minimum':
      return `Ensure this value is greater than or equal to ${String(params['limit'])}.`;
    case 'maximum':
      return `Ensure this value is less than or equal to ${String(params['limit'])}.`;
    case 'maxLength':
      return `Ensure this field has no more than ${String(params['limit'])} characters.`;
    case 'minLength':
      return params['limit'] === 1
        ? 'This field may not be blank.'
        : `Ensure this field has at least ${String(params['limit'])} characters.`;
    case 'enum':
      return `Not a valid choice. Expected one of ${JSON.stringify(params['allowedValues'])}.`;
    case 'additionalProperties':
      return 'There is no such parameter.';
    case 'anyOf':
    case 'const':
      return 'Not a valid choice.';
    case 'type':
      return `Expected ${String(params['type'])}.`;
    case 'format':
      return `Enter a valid ${String(params['format'])}.`;
    default:
      return message === undefined ? 'Not valid.' : `This field ${message}.`;
  }
}

/** `{'profile.email': [...]}` as `{profile: {email: [...]}}`, the shape of nested objects. */
function nestFields(fields: Readonly<Record<string, readonly string[]>>): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [path, messages] of Object.entries(fields)) {
    const parts = path.split('.');
    if (parts.includes('__proto__')) continue;
    const last = parts.pop() ?? path;
    let at = body;
    for (const part of parts) {
      const inner = at[part];
      if (isRecord(inner)) at = inner;
      else at = at[part] = {} as Record<string, unknown>;
    }
    at[last] = messages;
  }
  return body;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for the error of node:http when the connection ended before the body: the response has no reader. */
function isCallerGone(error: unknown): boolean {
  return error instanceof Error && error.message === 'aborted' && 'code' in error && error.code === 'ECONNRESET';
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
