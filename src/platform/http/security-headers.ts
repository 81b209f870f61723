import type { FastifyReply, FastifyRequest } from 'fastify';

/** Headers that every answer of ours carries; what is forwarded keeps the application's own. */
export function securityHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const { config, url } = request.routeOptions;
  if (config.passthrough === true && reply.hasHeader('x-tollgate-forwarded')) {
    reply.removeHeader('x-tollgate-forwarded');
    return;
  }
  reply.header('x-content-type-options', 'nosniff');
  reply.header('referrer-policy', 'same-origin');
  reply.header('x-frame-options', 'DENY');
  if (request.server.cookieNames.secure)
    reply.header('strict-transport-security', 'max-age=31536000; includeSubDomains');
  if (!reply.hasHeader('content-security-policy'))
    reply.header('content-security-policy', policy(url ?? '', request.csp_nonce));
  if (config.bare !== true && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
}

function policy(route: string, nonce: string): string {
  // The API reference is a third-party page that styles and starts itself inline; it holds no form and no session data.
  const inline = route.startsWith('/docs/api') ? "'unsafe-inline'" : `'nonce-${nonce}'`;
  return [
    "default-src 'none'",
    `script-src 'self' ${inline}`,
    `style-src 'self' ${inline}`,
    "img-src 'self' data: https:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
