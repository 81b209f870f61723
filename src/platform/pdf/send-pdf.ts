import type { FastifyReply } from 'fastify';
import { renderPdf } from './render-pdf.ts';
import type { Sheet } from './sheet.ts';

/**
 * Responds with a sheet as a PDF, named `<name>.pdf`; characters of the name other than letters, digits, `-` and `_`
 * are removed.
 * @throws pdf_too_long (400), pdf_busy (503)
 */
export async function sendPdf(reply: FastifyReply, name: string, sheet: Sheet): Promise<FastifyReply> {
  const file = name.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 100) || 'document';
  reply.type('application/pdf').header('content-disposition', `inline; filename="${file}.pdf"`);
  if (reply.request.method === 'HEAD') return reply.send();
  return reply.send(await renderPdf(sheet));
}
