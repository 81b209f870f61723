import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { type Mail, TemplateError, type Templates } from '#platform/templates/templates';
import { findProfileViews } from '#profiles';
import { groupMailKinds, mail_kinds } from '../mail-kinds.ts';
import { offeredEvents } from '../preference.ts';
import { recipientRule } from '../recipients.ts';
import { mailReader, presentNotice, presentSite } from '../template-data.ts';
import { describeRecipients } from './describe-recipients.ts';
import { mailPage, mailsPage } from './page-types.ts';
import { sample_notices } from './sample-notices.ts';
import { sampleParties } from './sample-parties.ts';

type MailTemplates = Pick<Templates, 'has' | 'renderMail'>;

const params = Type.Object({ slug: Type.String({ maxLength: 100 }) });

/** A preview shows its own styles and pictures: it runs nothing, sends nothing and opens nothing. */
const FRAME_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'self'; sandbox";

/** The list of the e-mails of the site, and the preview of each with sample data, for the broker. */
export function previewPages(app: App, templates: MailTemplates): void {
  const config = { access: { kind: 'broker' }, page: true } as const;
  app.get('/proxy/notifications/', { config, schema: { hide: true } }, async (_request, reply) => {
    const kinds = mail_kinds.map((kind) => ({
      ...kind,
      recipients: recipientsOf(kind.slug),
      href: paths.mailPreview(kind.slug),
    }));
    return reply.page(mailsPage, { groups: groupMailKinds(kinds) });
  });

  const options = {
    config: { ...config, problems: [commonProblems.not_found] },
    schema: { params, hide: true },
  } as const;
  app.get(
    '/proxy/notifications/:slug/',
    { ...options, config: { ...options.config, frames_own: true } },
    async (request, reply) => {
      const kind = mail_kinds.find(({ slug }) => slug === request.params.slug);
      if (!kind) throw commonProblems.not_found();
      const { slug, title, trigger } = kind;
      const rendered = await renderSample(request.ctx, templates, slug);
      const mail = 'error' in rendered ? { subject: '', text: '' } : rendered;
      return reply.page(mailPage, {
        slug,
        title,
        trigger,
        recipients: recipientsOf(slug),
        is_optional: offeredEvents(true).includes(slug),
        template: templateOf(slug),
        subject: mail.subject,
        text: mail.text,
        frame_url: paths.mailPreviewFrame(slug),
        error: 'error' in rendered ? rendered.error : null,
        crumbs: [{ label: 'E-mails', href: paths.mailPreview() }],
      });
    },
  );
  app.get('/proxy/notifications/:slug/iframe/', options, async (request, reply) => {
    const { slug } = request.params;
    if (!mail_kinds.some((kind) => kind.slug === slug)) throw commonProblems.not_found();
    const rendered = await renderSample(request.ctx, templates, slug);
    if ('error' in rendered) throw commonProblems.not_found();
    return reply
      .header('content-security-policy', FRAME_POLICY)
      .header('x-frame-options', 'SAMEORIGIN')
      .type('text/html; charset=utf-8')
      .send(rendered.html);
  });
}

const templateOf = (slug: string): string => `notification/${slug}.eml`;

function recipientsOf(slug: string): string {
  const rule = recipientRule(slug);
  return rule ? describeRecipients(rule) : '';
}

/** Renders an e-mail with sample data and the real broker, or returns why its template cannot be rendered. */
async function renderSample(ctx: Context, templates: MailTemplates, slug: string): Promise<Mail | { error: string }> {
  const { broker_id } = ctx.site;
  const broker = (await findProfileViews(ctx.db, [broker_id])).get(broker_id);
  if (!broker) throw commonProblems.not_found();
  const notice = sample_notices[slug]?.(sampleParties(broker));
  if (!notice) throw commonProblems.not_found();
  try {
    return templates.renderMail(templateOf(slug), {
      ...presentSite(ctx, notice, broker),
      reply_to: null,
      takes_replies: true,
      reader: mailReader(notice.parties.profile),
      ...presentNotice(notice),
    });
  } catch (error) {
    if (error instanceof TemplateError) return { error: error.message };
    throw error;
  }
}
