import type { Problem } from '#kernel/problem';

/** Needs no template, no site and no database: shown when those are what failed. */
export function bareErrorPage(problem: Problem, request_id: string): string {
  const text = (value: string) => value.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(problem.message)}</title></head><body><main><h1>${text(problem.message)}</h1><p>Request ${text(request_id)}</p></main></body></html>`;
}
