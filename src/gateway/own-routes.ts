import type { FastifyReply } from 'fastify';
import { type App, PARAM_LENGTH_MAX } from '#platform/http/app';
import { httpProblems } from '#platform/http/problems';
import { methodsOf } from '#platform/http/route-list';
import { plainSpelling, type RequestTarget } from './rules/index.ts';
import { gatewayProblems } from './problems.ts';

/** The paths of Tollgate's routes, in any reading and spelling: such paths are never forwarded. */
export interface OwnPaths {
  /** Returns the methods of the routes at a path. Extensions count: `/login.php` is a path of the application. */
  findMethods(target: RequestTarget): readonly string[];
  /** True if the bytes of a target begin like a route of Tollgate; false says nothing. */
  beginsWithOwn(raw: string): boolean;
  /** False if no reading of the path begins like a route of Tollgate. */
  mayInclude(target: RequestTarget): boolean;
}

/** Only a path whose first segment is the first segment of a route is compared with all routes. */
export function makeOwnPaths(app: App): OwnPaths {
  let first_segments: ReadonlySet<string> | null = null;
  const isFirst = (segment: string): boolean => {
    first_segments ??= new Set(app.routeList.flatMap(({ url, passthrough }) => (passthrough ? [] : firstSegment(url))));
    return first_segments.has(segment);
  };
  const beginsLikeRoute = ([first = '']: readonly string[]): boolean => {
    if (isFirst(first)) return true;
    const spelled = plainSpelling(first);
    return spelled !== first && isFirst(spelled);
  };
  const methodsAt = (segments: readonly string[]): string[] => {
    if (!beginsLikeRoute(segments)) return [];
    const exact = methodsOf(app, `/${segments.join('/')}`);
    return exact.length > 0 ? exact : methodsOf(app, `/${segments.map(plainSpelling).join('/')}`);
  };
  return {
    beginsWithOwn(raw) {
      const first = /^\/([-a-z0-9_]+)(?:[/?]|$)/.exec(raw)?.[1];
      return first !== undefined && isFirst(first);
    },
    findMethods: ({ segments, readings }) => [segments, ...readings].flatMap(methodsAt),
    mayInclude: ({ segments, readings }) => beginsLikeRoute(segments) || readings.some(beginsLikeRoute),
  };
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
