import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { SlugParam } from '#platform/http/schemas';
import { findProfileBySlug } from '#profiles';
import { paymentsProblems } from '../problems.ts';
import type { PaymentContext, Processors, ShownKeys } from '../processors/index.ts';
import { replaceKeys, requireSetup } from './replace-keys.ts';
import { NewKeysBody, ProcessorKeysSchema } from './schemas.ts';

/** Routes of the keys with which the payment processor knows the site; only managers of the broker may read them. */
export function keyRoutes(app: App, processors: Processors): void {
  const url = '/api/billing/:profile/processor-keys';
  const schema = {
    hide: true, // a site without a processor that has keys, such as that of the examples, has none to show
    params: Type.Object({ profile: SlugParam }),
    response: { 200: ProcessorKeysSchema },
  } as const;
  const access = { kind: 'broker', manages: true } as const;
  const { processor_without_keys, processor_unreachable } = paymentsProblems;

  app.get(url, { config: { access, problems: [processor_without_keys] }, schema }, async (request) =>
    presentKeys(await requireSetup(await contextOf(request, processors)).findShownKeys()),
  );

  putAndPatch(
    app,
    url,
    {
      config: { access, problems: [processor_without_keys, processor_unreachable] },
      schema: { ...schema, body: NewKeysBody },
    },
    async (request) => presentKeys(await replaceKeys(await contextOf(request, processors), request.body)),
    ['secret_key'],
  );
}

/** Returns the context of a request that names the broker. @throws not_found (404) for another profile */
async function contextOf(request: FastifyRequest, processors: Processors): Promise<PaymentContext> {
  const { profile } = request.params as { profile: string }; // the schema of both routes
  const named = await findProfileBySlug(request.ctx.db, profile);
  if (named?.id !== request.ctx.site.broker_id) throw commonProblems.not_found();
  return { ...request.ctx, processors };
}

function presentKeys({ set_at, ...keys }: ShownKeys) {
  return { ...keys, set_at: set_at?.toISOString() ?? null };
}
