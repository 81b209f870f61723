import type { App } from '../app.ts';
import { notFound, replyWithProblem } from './problem-reply.ts';

/** Responds to requests that no route matches. The gateway's catch-all takes precedence. */
export function registerFallback(app: App): void {
  app.setNotFoundHandler(async (request, reply) => replyWithProblem(request, reply, notFound()));
}
