import type { FastifyInstance } from 'fastify';
import type { ProblemFactory } from '#kernel/problem';
import type { Access } from './guards/access.ts';

/** One registered route, for the authorization matrix and the generated documents. */
export interface RouteEntry {
  method: string;
  url: string;
  access: Access;
  page: boolean;
  bare: boolean;
  passthrough: boolean;
  problems: readonly ProblemFactory[];
  /** Statuses whose response has a schema: Fastify compiles their serializer. */
  response_statuses: readonly string[];
  matches(path: string): boolean;
}

/** Records each registered route. @throws Error for a route that declares no access */
export function watchRoutes(app: FastifyInstance): void {
  const list: RouteEntry[] = [];
  app.decorate('routeList', list);
  app.addHook('onRoute', (route) => {
    const config = (route.config ??= {});
    if (!config.access) throw new Error(`route ${String(route.method)} ${route.url} declares no access`);
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
        response_statuses: statusesOf(route.schema?.response),
        matches: (path) => pattern.test(path),
      });
    }
  });
}

/** Returns the methods of Tollgate's routes for a path; empty for any other path. */
export function methodsOf(app: FastifyInstance, path: string): string[] {
  const own = app.routeList.filter((route) => !route.passthrough && route.matches(path)).map((route) => route.method);
  return [...new Set(own)].sort();
}

function statusesOf(response: unknown): string[] {
  return typeof response === 'object' && response !== null ? Object.keys(response) : [];
}

function toPattern(url: string): RegExp {
  const source = url
    .replace(/[.+?^$()[\]\\]/g, '\\$&')
    .replace(/:[A-Za-z_]+(\([^)]*\))?/g, '[^/]+')
    .replace(/\*/g, '.*')
    .replace(/\/$/, '');
  return new RegExp(`^${source}/?$`);
}
