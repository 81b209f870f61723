import type { FastifyReply, FastifyRequest } from 'fastify';
import { paths } from '../paths.ts';

/** Origins of a page beside this site, by directive. */
export type PageOrigins = Readonly<
  Partial<Record<'script-src' | 'frame-src' | 'connect-src' | 'img-src' | 'form-action', readonly string[]>>
>;

/** Headers of every response of Tollgate; forwarded responses keep those of the upstream. */
export function securityHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const { config } = request.routeOptions;
  if (config.passthrough === true && reply.hasHeader('x-tollgate-forwarded')) {
    reply.removeHeader('x-tollgate-forwarded');
    return;
  }
  reply.header('x-content-type-options', 'nosniff');
  if (!reply.hasHeader('referrer-policy')) reply.header('referrer-policy', 'same-origin');
  if (!reply.hasHeader('x-frame-options')) reply.header('x-frame-options', 'DENY');
  if (request.server.cookieNames.secure) reply.header('strict-transport-security', transport_policy);
  if (!reply.hasHeader('content-security-policy'))
    reply.header(
      'content-security-policy',
      isPage(reply) ? pagePolicy(request.csp_nonce, config.frames_own === true, request.pageOrigins) : dataPolicy,
    );
  if (isPage(reply) && request.pageOrigins !== null)
    reply.header('reporting-endpoints', `${REPORTS}="${paths.policyReports()}"`);
  if (config.bare !== true && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
}

/** Strict-Transport-Security of a site on https. */
export const transport_policy = 'max-age=31536000; includeSubDomains';

/** Policy of responses that are not pages: a browser that renders one loads, runs and sends nothing. */
const dataPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function isPage(reply: FastifyReply): boolean {
  return String(reply.getHeader('content-type')).startsWith('text/html');
}

/** Name of the endpoint that takes reports about pages of payments: the pages that have content of other origins. */
const REPORTS = 'payments';

function pagePolicy(nonce: string, frames_own: boolean, origins: PageOrigins | null): string {
  const and = (directive: keyof PageOrigins) => (origins?.[directive] ?? []).map((origin) => ` ${origin}`).join('');
  const frames = `${frames_own ? " 'self'" : ''}${and('frame-src')}`;
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'${and('script-src')}`,
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data: https:${and('img-src')}`,
    "font-src 'self' data:",
    `connect-src 'self'${and('connect-src')}`,
    ...(frames === '' ? [] : [`frame-src${frames}`]),
    `form-action 'self'${and('form-action')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
    // Browsers without the Reporting API read the first of them.
    ...(origins === null ? [] : [`report-uri ${paths.policyReports()}`, `report-to ${REPORTS}`]),
  ].join('; ');
}
