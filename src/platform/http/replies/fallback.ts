import type { App } from '../app.ts';
import { notFound, replyWithProblem } from './problem-reply.ts';

/** What no route takes. With a gateway registered, its catch-all comes first. */
export function registerFallback(app: App): void {
  app.setNotFoundHandler(async (request, reply) => replyWithProblem(request, reply, notFound()));
}
