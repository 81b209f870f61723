import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { sellersSeenBy } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { pdfProblems } from '#platform/pdf/problems';
import { sendPdf } from '#platform/pdf/send-pdf';
import { billingProblems } from '../problems.ts';
import { documentPage } from './document-page-types.ts';
import { documentSheet } from './document-sheet.ts';
import { type DocumentParts, viewDocument } from './view-document.ts';

const params = Type.Object({
  profile: Type.String(),
  provider: Type.String({ maxLength: 150 }),
  number: Type.String({ maxLength: 30 }),
});
const schema = { hide: true, params } as const;
type DocumentRequest = FastifyRequest<{ Params: { profile: string; provider: string; number: string } }>;

/** The page and the file of one invoice or credit note of a profile. */
export function documentPages(app: App): void {
  const url = '/billing/:profile/documents/:provider/:number/';
  const access = { kind: 'provider' } as const;
  const { document_unknown } = billingProblems;
  app.get(url, { config: { access, page: true, problems: [document_unknown] }, schema }, async (request, reply) => {
    const { profile, provider, number } = request.params;
    const pdf_url = paths.documentDownload(profile, provider, number);
    const csv_url = paths.creditNotesDownload(profile);
    return reply.page(documentPage, { ...(await loadDocument(request)), pdf_url, csv_url });
  });
  const problems = [document_unknown, ...Object.values(pdfProblems)];
  app.get(`${url}download/`, { config: { access, page: true, problems }, schema }, async (request, reply) => {
    const view = await loadDocument(request);
    const name = `${view.kind === 'invoice' ? 'invoice' : 'credit-note'}-${view.number}`;
    return sendPdf(reply, name, documentSheet(view, request.ctx.lang));
  });
}

/** @throws document_unknown (404) */
async function loadDocument({ ctx, params: { provider, number }, subject }: DocumentRequest): Promise<DocumentParts> {
  if (subject.profile_id === null) throw commonProblems.not_found();
  return viewDocument(ctx, subject.profile_id, { provider, number, sellers: sellersSeenBy(subject) });
}
