import { Type } from 'typebox';
import type { App, HttpOptions } from '../app.ts';
import { httpProblems } from '../problems.ts';
import { ProblemReply } from '../schemas.ts';

const PROBE_MS_MAX = 3000;

/**
 * `/healthz`: the process is alive. `/readyz`: it accepts requests. Neither has access rules or reads the site or the
 * caller.
 */
export function registerHealth(app: App, options: HttpOptions): void {
  const isUp = sharedProbe(options.probeDatabase);
  const config = { access: { kind: 'public' }, bare: true } as const;
  const schema = {
    tags: ['operations'],
    response: { 200: Type.Object({ status: Type.String(), version: Type.String() }), 503: ProblemReply },
  };
  app.get(
    '/healthz',
    { config, schema: { ...schema, summary: 'Returns 200 while the process is alive' } },
    async () => ({
      status: 'ok',
      version: options.version,
    }),
  );
  app.get(
    '/readyz',
    { config, schema: { ...schema, summary: 'Returns 200 while the process accepts requests' } },
    async () => {
      if (options.isStopping()) throw httpProblems.not_ready({ retry_after_s: 5 });
      if (!(await isUp())) throw httpProblems.database_unavailable({ retry_after_s: 5 });
      return { status: 'ok', version: options.version };
    },
  );
}

/** Runs one probe at a time, shared by all callers: many requests must not open many connections. */
function sharedProbe(probe: () => Promise<void>): () => Promise<boolean> {
  let running: Promise<boolean> | null = null;
  return () =>
    (running ??= isReachable(probe()).finally(() => {
      running = null;
    }));
}

async function isReachable(probe: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_MS_MAX);
  });
  const responded = probe.then(
    () => true,
    () => false,
  );
  return Promise.race([responded, late]).finally(() => clearTimeout(timer));
}
