import { renderMarkdown } from '#platform/templates/markdown';
import type { Templates } from '#platform/templates/templates';
import type { TrustedHtml } from '#platform/templates/trusted-html';
import type { Agreement } from './agreement.ts';

export type AgreementTemplates = Pick<Templates, 'has' | 'renderPage'>;

/** Parties that the text of an agreement names. */
export interface AgreementParties {
  broker: { printable_name: string; email: string };
  site: { title: string; url: string };
}

/** Renders the text of an agreement, a Markdown template of the theme, as HTML; null if the theme has none. */
export function renderAgreement(
  templates: AgreementTemplates,
  agreement: Pick<Agreement, 'slug' | 'updated_at'>,
  parties: AgreementParties,
): TrustedHtml | null {
  const name = `saas/agreements/${agreement.slug}.md`;
  if (!templates.has(name)) return null;
  return renderMarkdown(templates.renderPage(name, { ...parties, agreement: { updated_at: agreement.updated_at } }));
}
