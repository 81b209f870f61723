import type { FastifyBaseLogger } from 'fastify';
import type { Actor } from '../context.ts';

/** Name of the event of the line that each request writes when its response ends. */
export const request_event = 'http_request';

export interface EndedRequest {
  readonly method: string;
  /** Pattern of the route. */
  readonly route: string | undefined;
  readonly status: number;
  readonly started_at_ms: number;
  readonly actor: Actor | undefined;
}

/** Writes the line of a request. `bindings` are the members that a child logger would add. */
export function logRequest(
  log: Pick<FastifyBaseLogger, 'info' | 'debug'>,
  level: 'info' | 'debug',
  { method, route, status, started_at_ms, actor }: EndedRequest,
  bindings: { readonly reqId?: string } = {},
): void {
  log[level](
    {
      ...bindings,
      event: request_event,
      method,
      route,
      status,
      duration_ms: Math.round((performance.now() - started_at_ms) * 10) / 10,
      ...(actor?.kind === 'user' ? { user: actor.username } : {}),
    },
    'request',
  );
}
