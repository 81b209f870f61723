import type { FastifyRequest } from 'fastify';
import type { Problem } from '#kernel/problem';
import type { App, HttpOptions } from '../app.ts';
import type { AnyPageType } from '../page-type.ts';
import { bareErrorPage } from './bare-error-page.ts';
import { setCookie } from '../cookies.ts';
import { csrfToken } from '../guards/csrf.ts';
import { safeNext } from '../next.ts';
import type { Templates } from '../../templates/templates.ts';
import { errorDataOf, errorPageOf } from './error-pages.ts';
import { organizationUrls, pageUrls } from './page-urls.ts';

/** Data that the rooms add to every page: the signed-in user and the profiles of the menu. */
export type PageContext = (request: FastifyRequest) => Promise<Record<string, unknown>>;

interface Message {
  level: string;
  text: string;
}

const MESSAGES_MAX = 5;

/** Adds `page`, `errorPage` and `flash` to replies. */
export function registerPages(app: App, options: HttpOptions): void {
  const { templates, pageContext } = options;

  app.decorateReply('flash', function flash(level, text) {
    const waiting = readMessages(this.request);
    const messages = [...waiting, { level, text: text.slice(0, 500) }].slice(-MESSAGES_MAX);
    setCookie(this, this.server.cookieNames.flash, Buffer.from(JSON.stringify(messages)).toString('base64url'), {
      max_age_s: 300,
    });
    return this;
  });

  app.decorateReply('page', async function page(page_type: AnyPageType, given: object, status = 200) {
    const { request } = this;
    if (options.development) page_type.check(given);
    const data: Record<string, unknown> = { ...given };
    const messages = readMessages(request);
    if (messages.length > 0) this.clearCookie(this.server.cookieNames.flash, { path: '/' });
    const query: unknown = request.query;
    const next: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'next') : null;
    const html = templates.renderPage(page_type.template, {
      site: { slug: request.ctx.site.slug, title: request.ctx.site.title, origin: request.ctx.origin },
      urls: { ...pageUrls(request.ctx), organization: organizationUrls(data) },
      request: { path: request.url.split('?')[0], id: request.id },
      csrf_token: csrfToken(request, this),
      csp_nonce: request.csp_nonce,
      lang: request.ctx.lang,
      evaluation: options.evaluation,
      messages,
      next: typeof next === 'string' ? safeNext(next) : null,
      ...(await pageContext(request)),
      ...data,
    });
    return this.status(status).type('text/html; charset=utf-8').send(html);
  });
  registerErrorPage(app, templates);
}

/** Adds `errorPage` to replies: the themed page of the status, or a bare page when it cannot be rendered. */
function registerErrorPage(app: App, templates: Templates): void {
  app.decorateReply('errorPage', async function errorPage(problem: Problem) {
    const sendBarePage = () =>
      this.status(problem.status).type('text/html; charset=utf-8').send(bareErrorPage(problem, this.request));
    // The request was refused before authentication: the data of a themed page is missing.
    if (!this.request.hasContext) return sendBarePage();
    try {
      const page = errorPageOf(problem.status, (name) => templates.has(name));
      return await this.page(page, errorDataOf(problem, this.request.id), problem.status);
    } catch (error) {
      this.request.log.error({ err: error }, 'error page not rendered');
      return sendBarePage();
    }
  });
}

function readMessages(request: FastifyRequest): Message[] {
  const text = request.cookies[request.server.cookieNames.flash];
  if (text === undefined) return [];
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) ? value.filter(isMessage).slice(-MESSAGES_MAX) : [];
  } catch {
    return []; // a malformed cookie holds no message
  }
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  const level: unknown = Reflect.get(value, 'level');
  return (
    (level === 'success' || level === 'info' || level === 'error') && typeof Reflect.get(value, 'text') === 'string'
  );
}
