import { Type } from 'typebox';
import type { AgreementId } from '#platform/db/db-schema';
import { definePage } from '#platform/http/page-type';
import { renderMarkdown } from '#platform/templates/markdown';
import type { TrustedHtml } from '#platform/templates/trusted-html';
import { form_parts, Instant, unrefused_form } from '../page-parts.ts';

const AgreementPart = Type.Object({
  id: Type.Unsafe<AgreementId>(Type.Integer()),
  slug: Type.String(),
  title: Type.String(),
  updated_at: Instant,
});

const text_parts = {
  agreement: AgreementPart,
  /** Text as HTML; null if the theme has none. */
  page: Type.Unsafe<TrustedHtml | null>({}),
};

const agreement = {
  id: 1 as AgreementId, // sample: the page shows no id
  slug: 'terms-of-use',
  title: 'Terms of use',
  updated_at: new Date('2026-03-05T10:00:00.000Z'),
};
const page = renderMarkdown('## Your account\n\nKeep your password secret.');

export const agreementsPage = definePage(
  'saas/legal/index.html',
  Type.Object({ agreements: Type.Array(Type.Object({ ...AgreementPart.properties, location: Type.String() })) }),
  { typical: { agreements: [{ ...agreement, location: '/legal/terms-of-use/' }] }, empty: { agreements: [] } },
);

export const agreementPage = definePage('saas/legal/agreement.html', Type.Object(text_parts), {
  typical: { agreement, page },
  without_text: { agreement, page: null },
});

export const signPage = definePage(
  'saas/legal/sign.html',
  Type.Object({
    ...text_parts,
    /** True if the caller signed an earlier version. */
    signed_before: Type.Boolean(),
    form: Type.Object({}),
    ...form_parts,
  }),
  {
    typical: { agreement, page, signed_before: false, form: {}, ...unrefused_form },
    changed: { agreement, page, signed_before: true, form: {}, ...unrefused_form },
    error: { agreement, page, signed_before: false, form: {}, errors: {}, detail: 'You must agree to continue.' },
  },
);

export const agreementPageTypes = [agreementsPage, agreementPage, signPage] as const;
