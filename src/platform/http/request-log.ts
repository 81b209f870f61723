import type { FastifyBaseLogger } from 'fastify';
import { type Logger, symbols } from 'pino';
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
  ended: EndedRequest,
  bindings: { readonly reqId?: string } = {},
): void {
  log[level](new RequestLine(ended, bindings.reqId), 'request');
}

/** The members of the line, in their order. A logger omits those that are undefined. */
class RequestLine {
  readonly reqId: string | undefined;
  readonly event = request_event;
  readonly method: string;
  readonly route: string | undefined;
  readonly status: number;
  readonly duration_ms: number;
  readonly user: string | undefined;

  constructor({ method, route, status, started_at_ms, actor }: EndedRequest, reqId: string | undefined) {
    this.reqId = reqId;
    this.method = method;
    this.route = route;
    this.status = status;
    this.duration_ms = Math.round((performance.now() - started_at_ms) * 10) / 10;
    this.user = actor?.kind === 'user' ? actor.username : undefined;
  }
}

type AsJson = (this: object, members: unknown, message: unknown, level: number, time: string) => string;

/**
 * Makes a logger and its children serialize the lines of requests themselves, with the same bytes in a quarter of the
 * time. Each request writes such a line; its members are known, and `redact` names none of them.
 */
export function serializeRequestLines(log: Logger): Logger {
  const others = Reflect.get(log, symbols.asJsonSym) as AsJson; // see the documentation of `pino.symbols`
  const asJson: AsJson = function asJson(members, message, level, time) {
    if (!(members instanceof RequestLine)) return Reflect.apply(others, this, [members, message, level, time]);
    const start = (Reflect.get(this, symbols.lsCacheSym) as Record<number, string>)[level] ?? '{';
    const bindings = Reflect.get(this, symbols.chindingsSym) as string;
    const { reqId, event, method, route, status, duration_ms, user } = members;
    return (
      `${start}${time}${bindings}${reqId === undefined ? '' : `,"reqId":${JSON.stringify(reqId)}`}` +
      `,"event":"${event}","method":${JSON.stringify(method)}` +
      `${route === undefined ? '' : `,"route":${JSON.stringify(route)}`},"status":${status}` +
      `,"duration_ms":${duration_ms}${user === undefined ? '' : `,"user":${JSON.stringify(user)}`}` +
      `,"msg":${JSON.stringify(message)}}\n`
    );
  };
  Reflect.set(log, symbols.asJsonSym, asJson);
  return log;
}
