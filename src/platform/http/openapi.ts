import swagger from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import type { App, HttpOptions } from './app.ts';
import { ProblemReply } from './schemas.ts';

/** OpenAPI 3.1 at /api/openapi.json and a browsable reference at /docs/api/, both from the schemas of the routes. */
export async function registerOpenApi(app: App, options: HttpOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tollgate API',
        version: options.version,
        description: 'Accounts, profiles and roles, plans, carts, checkout, ledger and the gateway of a site.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          api_key: { type: 'http', scheme: 'basic', description: 'The API key as user name, any password.' },
          session: { type: 'apiKey', in: 'cookie', name: 'sessionid' },
        },
      },
    },
    hideUntagged: true,
    transform: ({ schema, url, route }) => {
      const access = route.config?.access;
      const problems = route.config?.problems ?? [];
      const byStatus = Map.groupBy(problems, (problem) => problem.definition.status);
      const responses: Record<string, unknown> = { ...(isRecord(schema?.response) ? schema.response : {}) };
      for (const [status, group] of byStatus) {
        responses[String(status)] = {
          ...ProblemReply,
          description: group.map((problem) => `\`${problem.code}\`: ${problem.definition.title}`).join('\n\n'),
        };
      }
      return {
        url,
        schema: {
          ...schema,
          ...(access && access.kind !== 'public'
            ? { security: [{ token: [] }, { api_key: [] }, { session: [] }] }
            : {}),
          ...(Object.keys(responses).length > 0 ? { response: responses } : {}),
        },
      };
    },
  });
  app.get(
    '/api/openapi.json',
    { config: { access: { kind: 'public' } }, schema: { hide: true } },
    async (_request, reply) =>
      reply.type('application/json').header('cache-control', 'public, max-age=300').send(JSON.stringify(app.swagger())),
  );
  await app.register(scalar, {
    routePrefix: '/docs/api',
    configuration: {
      url: '/api/openapi.json',
      title: 'Tollgate API',
      telemetry: false,
      withDefaultFonts: false,
      agent: { disabled: true },
    },
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
