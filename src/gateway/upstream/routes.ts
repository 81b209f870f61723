import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import type { Site } from '#platform/site';
import { changeProxy } from './change-proxy.ts';
import { ProxyChangeBody, ProxySchema } from './schemas.ts';

const access = { kind: 'broker' } as const;
const tags = ['proxy'];

/** Registers the routes of the connection to the application. */
export function upstreamRoutes(app: App, needs: { readonly private_addresses_allowed: boolean }): void {
  app.get(
    '/api/proxy',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Retrieves forward end-point',
        description: 'Returns the address of the application behind the gateway and how the session is sent to it.',
        response: { 200: ProxySchema },
      },
    },
    (request) => presentProxy(request.ctx.site),
  );

  putAndPatch(
    app,
    '/api/proxy',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Updates forward end-point',
        description:
          'Changes the address of the application or the format of the session. An address on a private network needs a setting of the server.',
        body: ProxyChangeBody,
        response: { 200: ProxySchema },
      },
    },
    async (request) => {
      const change = await changeProxy(request.ctx, request.body, needs);
      return { ...presentProxy({ ...request.ctx.site, ...change }), detail: 'The settings have been updated.' };
    },
  );
}

function presentProxy(site: Site) {
  const { slug, entry_point, session_backend, authentication, welcome_email, cors_restricted } = site;
  return { slug, entry_point, session_backend, authentication, welcome_email, cors_restricted };
}
