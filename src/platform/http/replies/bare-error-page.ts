import type { FastifyRequest } from 'fastify';
import type { Problem } from '#kernel/problem';

const evaluationBanner = '<aside aria-label="Evaluation mode"><p>Evaluation mode</p></aside>';

/** Renders an error page without template, site and database, for the case that these failed. */
export function bareErrorPage(problem: Problem, { id, server }: Pick<FastifyRequest, 'id' | 'server'>): string {
  const text = (value: string) => value.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(problem.message)}</title></head><body>${server.evaluation ? evaluationBanner : ''}<main><h1>${text(problem.message)}</h1><p>Request ${text(id)}</p></main></body></html>`;
}
