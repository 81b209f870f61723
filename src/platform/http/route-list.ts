import type { FastifyInstance } from 'fastify';
import type { ProblemFactory } from '#kernel/problem';
import type { Access } from './guards/access.ts';

/** One registered route, as the authorization matrix and the generated documents read it. */
export interface RouteEntry {
  method: string;
  url: string;
  access: Access;
  page: boolean;
  bare: boolean;
  passthrough: boolean;
  problems: readonly ProblemFactory[];
  matches(path: string): boolean;
}

/** Records each route as it is registered, and refuses one that does not say who may call it. */
export function watchRoutes(app: FastifyInstance): void {
  const list: RouteEntry[] = [];
  app.decorate('routeList', list);
  app.addHook('onRoute', (route) => {
    const config = (route.config ??= {});
    if (!config.access) throw new Error(`route ${String(route.method)} ${route.url} does not declare who may call it`);
    const pattern = toPattern(route.url);
    for (const method of [route.method].flat()) {
      if (method === 'HEAD') continue;
      list.push({
        method,
        url: route.url,
        access: config.access,
        page: config.page === true,
        bare: config.bare === true,
        passthrough: config.passthrough === true,
        problems: config.problems ?? [],
        matches: (path) => pattern.test(path),
      });
    }
  });
}

/** The methods that our own routes know for a path; empty when the path is not ours. */
export function methodsOf(app: FastifyInstance, path: string): string[] {
  const own = app.routeList.filter((route) => !route.passthrough && route.matches(path)).map((route) => route.method);
  return [...new Set(own)].sort();
}

function toPattern(url: string): RegExp {
  const source = url
    .replace(/[.+?^$()[\]\\]/g, '\\$&')
    .replace(/:[A-Za-z_]+(\([^)]*\))?/g, '[^/]+')
    .replace(/\*/g, '.*')
    .replace(/\/$/, '');
  return new RegExp(`^${source}/?$`);
}
