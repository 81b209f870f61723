import type { FastifyReply } from 'fastify';
import { type App, PARAM_LENGTH_MAX } from '#platform/http/app';
import { httpProblems } from '#platform/http/problems';
import { methodsOf } from '#platform/http/route-list';
import { plainSpelling, type RequestTarget } from './rules/index.ts';
import { gatewayProblems } from './problems.ts';

/**
 * Returns the methods of Tollgate's routes at a path, in any reading and spelling: such paths are never forwarded.
 * Extensions count: `/login.php` is a path of the application.
 */
export type FindOwnMethods = (target: RequestTarget) => readonly string[];

/** Only a path whose first segment is the first segment of a route is compared with all routes. */
export function makeFindOwnMethods(app: App): FindOwnMethods {
  let first_segments: ReadonlySet<string> | null = null;
  const methodsAt = (segments: readonly string[]): string[] => {
    first_segments ??= new Set(app.routeList.flatMap(({ url, passthrough }) => (passthrough ? [] : firstSegment(url))));
    const [first = '', ...rest] = segments;
    if (!first_segments.has(first)) {
      const spelled = plainSpelling(first);
      if (spelled === first || !first_segments.has(spelled)) return [];
    }
    const exact = methodsOf(app, `/${segments.join('/')}`);
    return exact.length > 0 ? exact : methodsOf(app, `/${[first, ...rest].map(plainSpelling).join('/')}`);
  };
  return ({ segments, readings }) => [segments, ...readings].flatMap(methodsAt);
}

/**
 * Responds to a request for a path of Tollgate that matched no route.
 *
 * @throws method_not_allowed (405) · path_refused (400) if the spelling or the length prevented the match
 */
export function sendOwnPath(
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

function firstSegment(url: string): string {
  return url.split('/').find((segment) => segment !== '') ?? '';
}
