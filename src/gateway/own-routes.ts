import type { FastifyReply } from 'fastify';
import type { App } from '#platform/http/app';
import { httpProblems } from '#platform/http/problems';
import { methodsOf } from '#platform/http/route-list';
import { gatewayProblems } from './problems.ts';
import type { RequestTarget } from './request-target.ts';

/** Knows which paths are ours, whatever the method: they are never forwarded, whatever a rule says. */
export type OwnMethods = (target: RequestTarget) => readonly string[];

/** First segments tell most requests for the application from ours; only the others are compared with every route. */
export function makeOwnMethods(app: App): OwnMethods {
  let beginnings: ReadonlySet<string> | null = null;
  const methodsAt = (segments: readonly string[]): string[] => {
    beginnings ??= new Set(app.routeList.flatMap(({ url, passthrough }) => (passthrough ? [] : beginning(url))));
    return beginnings.has(segments[0] ?? '') ? methodsOf(app, `/${segments.join('/')}`) : [];
  };
  return ({ segments, segments_loose }) =>
    segments_loose === segments ? methodsAt(segments) : [...methodsAt(segments), ...methodsAt(segments_loose)];
}

/**
 * Answers a request for one of our paths that no route took.
 * @throws method_not_allowed (405) · path_refused (400) when only the spelling of the path kept a route from taking it
 */
export function answerOwnPath(reply: FastifyReply, method: string, methods: readonly string[]): FastifyReply {
  const allow = [...new Set([...methods, 'OPTIONS'])].join(', ');
  if (method === 'OPTIONS') return reply.status(204).header('allow', allow).send();
  if (methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))) throw gatewayProblems.path_refused();
  reply.header('allow', allow);
  throw httpProblems.method_not_allowed();
}

function beginning(url: string): string {
  return url.split('/').find((segment) => segment !== '') ?? '';
}
