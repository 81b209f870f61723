import type { Problem } from '#kernel/problem';
import { coloursOf } from '../../pages/colours.ts';
import { readFlash, storeFlash } from '../../pages/flash.ts';
import { makePageFrame } from '../../pages/page-frame.ts';
import type { Templates } from '../../templates/templates.ts';
import type { App, HttpOptions } from '../app.ts';
import { csrfToken } from '../guards/csrf.ts';
import { safeNext } from '../next.ts';
import type { AnyPageType } from '../page-type.ts';
import { bareErrorPage } from './bare-error-page.ts';
import { errorDataOf, errorPageOf } from './error-pages.ts';
import { fillForm, KEPT_TEXT, takeKeptFields } from '../../pages/forms/kept-post.ts';
import { organizationUrls, pageUrls } from './page-urls.ts';

/** Adds `page`, `errorPage` and `flash` to replies. */
export function registerPages(app: App, options: HttpOptions): void {
  const { templates } = options;
  const frameOf = makePageFrame({ ...options, counters: options.nav_counters });

  app.decorateReply('flash', function flash(level, text, { undo } = {}) {
    storeFlash(this, { level, text, ...(undo === undefined ? {} : { undo }) });
    return this;
  });

  app.decorateReply('page', async function page(page_type: AnyPageType, given: object, status = 200) {
    const { request } = this;
    if (options.development) page_type.check(given);
    const kept = status === 200 && 'form' in given ? await takeKeptFields(request) : null;
    const data: Record<string, unknown> = kept === null ? { ...given } : fillForm({ ...given }, kept);
    const messages = readFlash(request);
    if (messages.length > 0) this.clearCookie(this.server.cookieNames.flash, { path: '/' });
    if (kept !== null) messages.push({ level: 'info', text: KEPT_TEXT });
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
      colours: coloursOf(request),
      messages,
      next: typeof next === 'string' ? safeNext(next) : null,
      ...(await frameOf(request, data)),
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
