import type { FastifyReply } from 'fastify';
import { type App, PARAM_LENGTH_MAX } from '#platform/http/app';
import { httpProblems } from '#platform/http/problems';
import { methodsOf } from '#platform/http/route-list';
import { plainSpelling, type RequestTarget } from './rules/index.ts';
import { gatewayProblems } from './problems.ts';

/**
 * Methods of Tollgate's own routes at a path, in any reading and spelling of it: own paths are never forwarded.
 * Extensions count here: `/login.php` is a path of the application.
 */
export type OwnMethods = (target: RequestTarget) => readonly string[];

/** Compares only paths whose first segment begins an own route with every route. */
export function makeOwnMethods(app: App): OwnMethods {
  let beginnings: ReadonlySet<string> | null = null;
  const methodsAt = (segments: readonly string[]): string[] => {
    beginnings ??= new Set(app.routeList.flatMap(({ url, passthrough }) => (passthrough ? [] : beginning(url))));
    const [first = '', ...rest] = segments;
    if (!beginnings.has(first)) {
      const spelled = plainSpelling(first);
      if (spelled === first || !beginnings.has(spelled)) return [];
    }
    const exact = methodsOf(app, `/${segments.join('/')}`);
    return exact.length > 0 ? exact : methodsOf(app, `/${[first, ...rest].map(plainSpelling).join('/')}`);
  };
  return ({ segments, readings }) => [segments, ...readings].flatMap(methodsAt);
}

/**
 * Responds to a request for an own path that no route took.
 * @throws method_not_allowed (405) · path_refused (400) when the spelling or the length kept a route from taking it
 */
export function answerOwnPath(
  reply: FastifyReply,
  { method, segments, methods }: { method: string; segments: readonly string[]; methods: readonly string[] },
): FastifyReply {
  const allow = [...new Set([...methods, 'OPTIONS'])].join(', ');
  if (method === 'OPTIONS') return reply.status(204).header('allow', allow).send();
  if (methods.includes(method) || (method === 'HEAD' && methods.includes('GET')))
    throw gatewayProblems.path_refused({
      detail: segments.some((segment) => segment.length > PARAM_LENGTH_MAX)
        ? `A part of the path is longer than ${PARAM_LENGTH_MAX} characters.`
        : 'The path spells an address of this site in another way.',
    });
  reply.header('allow', allow);
  throw httpProblems.method_not_allowed();
}

function beginning(url: string): string {
  return url.split('/').find((segment) => segment !== '') ?? '';
}
