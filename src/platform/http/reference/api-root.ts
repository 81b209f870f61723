import { Type } from 'typebox';
import type { App, HttpOptions } from '../app.ts';
import { csrfToken } from '../guards/csrf.ts';

/** `GET /api`: the version, and the CSRF cookie for scripts of a signed-in page. */
export function registerApiRoot(app: App, options: HttpOptions): void {
  app.get(
    '/api',
    {
      config: { access: { kind: 'public' } },
      schema: {
        tags: ['operations'],
        summary: 'Retrieves the version of the API',
        description: 'Returns the version of the API and sets the CSRF cookie that scripts of a signed-in page need.',
        response: { 200: Type.Object({ version: Type.String() }) },
      },
    },
    async (request, reply) => {
      csrfToken(request, reply);
      return { version: options.version };
    },
  );
}
