import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { type Asset, isActiveContent } from './asset.ts';

/** Paths outside `/static/` that browsers and crawlers request automatically. */
const wellKnown = ['/favicon.ico', '/robots.txt', '/apple-touch-icon.png'];

/** Registers the routes of the public files. */
export function assetRoutes(app: App, findAsset: (path: string) => Asset | undefined): void {
  const options = {
    config: { access: { kind: 'public' }, bare: true },
    schema: { hide: true, querystring: Type.Object({ v: Type.Optional(Type.String()) }) },
  } as const;
  app.get('/static/*', options, async (request, reply) => {
    const asset = findAsset(rawPath(request));
    if (asset === undefined) return sendNotFound(reply);
    return sendAsset(request, reply, asset, request.query.v === asset.version);
  });
  for (const path of wellKnown) {
    app.get(path, options, async (request, reply) => {
      const asset = findAsset(path);
      if (asset === undefined) return sendNotFound(reply);
      return sendAsset(request, reply, asset, false);
    });
  }
}

/** Returns the path without decoding: names of public files have no escapes, and `%2e%2e` must not become `..`. */
function rawPath(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

/** Sends a plain-text 404 instead of the HTML error page: files are requested by programs and style sheets. */
function sendNotFound(reply: FastifyReply): FastifyReply {
  return reply.status(404).header('cache-control', 'no-store').type('text/plain; charset=utf-8').send('File not found.\n');
}

function sendAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset, versioned: boolean): FastifyReply {
  const { body, encoding } = encodeFor(asset, request.headers['accept-encoding'] ?? '');
  const etag = `"${asset.version}${encoding === null ? '' : `-${encoding}`}"`;
  reply
    .header('cache-control', versioned ? 'public, max-age=31536000, immutable' : 'public, no-cache')
    .header('etag', etag)
    .header('vary', 'accept-encoding')
    .header('x-content-type-options', 'nosniff');
  if (isActiveContent(asset)) reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) return reply.status(304).send();
  if (encoding !== null) reply.header('content-encoding', encoding);
  return reply.type(asset.content_type).send(body);
}

function encodeFor(asset: Asset, accepted: string): { body: Buffer; encoding: 'br' | 'gzip' | null } {
  if (asset.brotli !== null && /\bbr\b(?!;q=0(?:\.0*)?(?:,|$))/.test(accepted)) return { body: asset.brotli, encoding: 'br' };
  if (asset.gzip !== null && /\bgzip\b(?!;q=0(?:\.0*)?(?:,|$))/.test(accepted)) return { body: asset.gzip, encoding: 'gzip' };
  return { body: asset.bytes, encoding: null };
}
