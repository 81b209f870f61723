import type { FastifyReply } from 'fastify';
import type { App } from '#platform/http/app';
import { httpProblems } from '#platform/http/problems';
import { methodsOf } from '#platform/http/route-list';
import { gatewayProblems } from './problems.ts';
import { parseRequestTarget } from './request-target.ts';

/** Knows which paths are ours, whatever the method: they are never forwarded, whatever a rule says. */
export type OwnMethods = (raw_target: string) => readonly string[];

/** First segments tell most requests for the application from ours; only the others are compared with every route. */
export function makeOwnMethods(app: App): OwnMethods {
  let beginnings: ReadonlySet<string> | null = null;
  return (raw_target) => {
    const target = parseRequestTarget(raw_target);
    if (target === null) return [];
    beginnings ??= new Set(app.routeList.flatMap(({ url, passthrough }) => (passthrough ? [] : beginning(url))));
    const spellings = new Set([target.segments, target.segments_loose]);
    return [...spellings].flatMap((segments) =>
      beginnings?.has(segments[0] ?? '') === true ? methodsOf(app, `/${segments.join('/')}`) : [],
    );
  };
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
