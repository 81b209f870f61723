import swagger, { type SwaggerTransform, type SwaggerTransformObject } from '@fastify/swagger';
import type { Access } from '../guards/access.ts';
import { addExample, type ApiExamples, type ExampleTarget, readApiExamples } from './api-examples.ts';
import { apiReferencePages } from './api-reference-pages.ts';
import { throttleProblems } from '../../security/throttle.ts';
import type { App, HttpOptions } from '../app.ts';
import { ProblemReply } from '../schemas.ts';

/** OpenAPI 3.1 at /api/openapi.json and a browsable reference at /docs/api/, both from the schemas of the routes. */
export async function registerOpenApi(app: App, options: HttpOptions): Promise<void> {
  const examples = readApiExamples();
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
    transform: describeRoute,
    transformObject: (document) => withExamples(document, examples),
  });
  app.get(
    '/api/openapi.json',
    { config: { access: { kind: 'public' } }, schema: { hide: true } },
    async (_request, reply) =>
      reply.type('application/json').header('cache-control', 'public, max-age=300').send(JSON.stringify(app.swagger())),
  );
  apiReferencePages(app);
}

/** Adds the callers, the security and the problems of a route to its operation. */
const describeRoute: SwaggerTransform = ({ schema, url, route }) => {
  const access = route.config?.access;
  const declared = route.config?.problems ?? [];
  const { too_many_requests } = throttleProblems;
  // The general limit applies to every route that knows its caller.
  const isLimited = route.config?.bare !== true && !declared.includes(too_many_requests);
  const problems = isLimited ? [...declared, too_many_requests] : declared;
  const callers = access ? callersOf[access.kind] : '';
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
      description: [schema?.description, callers].filter((text) => text !== undefined && text !== '').join('\n\n'),
      ...(access && access.kind !== 'public' ? { security: [{ token: [] }, { api_key: [] }, { session: [] }] } : {}),
      ...(Object.keys(responses).length > 0 ? { response: responses } : {}),
    },
  };
};

/** Adds the recorded examples to the operations. */
function withExamples(
  document: Parameters<SwaggerTransformObject>[0],
  examples: ApiExamples,
): ReturnType<SwaggerTransformObject> {
  if (!('openapiObject' in document)) return document.swaggerObject;
  const { openapiObject } = document;
  for (const [path, methods] of Object.entries(openapiObject.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods ?? {})) {
      const example = examples[`${method.toUpperCase()} ${path}`];
      if (example) addExample(operation as ExampleTarget, example); // the entries of a path are operations
    }
  }
  return openapiObject;
}

/** The last paragraph of each description. */
const callersOf: Readonly<Record<Access['kind'], string>> = {
  public: 'Any caller may send it, signed in or not.',
  authenticated: 'The caller must be signed in.',
  active: 'The caller must be signed in with a verified account that is in force.',
  broker: 'The caller must have a role on the profile of the site; changes need the role of manager.',
  direct:
    'The caller must have a role on the profile, or on the profile of the site; changes need the role of manager.',
  provider:
    'The caller must have a role on the profile, on a provider to which the profile subscribes, or on the profile of the site; changes need the role of manager.',
  'provider-only':
    'The caller must have a role on a provider to which the profile subscribes, or on the profile of the site; changes need the role of manager.',
  self: 'The caller must be the user, or have a role on the profile of the site; changes need the role of manager.',
  'self-only': 'The caller must be the user.',
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
