import { renderMarkdown } from '#platform/markdown';
import type { Templates } from '#platform/templates';
import type { TrustedHtml } from '#platform/trusted-html';
import type { Agreement } from './agreement.ts';

export type AgreementTemplates = Pick<Templates, 'has' | 'renderPage'>;

/** Who the text speaks for. */
export interface AgreementParties {
  broker: { printable_name: string; email: string };
  site: { title: string; url: string };
}

/** Reads the text of an agreement, Markdown of the theme, as HTML; null when the theme has none. */
export function agreementText(
  templates: AgreementTemplates,
  agreement: Pick<Agreement, 'slug' | 'updated_at'>,
  parties: AgreementParties,
): TrustedHtml | null {
  const name = `saas/agreements/${agreement.slug}.md`;
  if (!templates.has(name)) return null;
  return renderMarkdown(templates.renderPage(name, { ...parties, agreement: { updated_at: agreement.updated_at } }));
}
