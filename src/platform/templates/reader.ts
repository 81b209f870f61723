import type { FastifyRequest } from 'fastify';

/** Language, formats and time zone in which a page is written. */
export interface Reader {
  /** Language of the texts, as a BCP 47 tag. */
  lang: string;
  /** Formats of dates and amounts: a locale of that language. */
  locale: string;
  /** IANA name. */
  timezone: string;
}

/** The reader of pages without request, such as e-mails. */
export const default_reader: Reader = { lang: 'en', locale: 'en-US', timezone: 'UTC' };

/**
 * Returns the reader of a page: the zone of its profile, else that of the user, else UTC.
 *
 * The locale is the first that the user or the browser prefers in the language of the page: dates and amounts in
 * another language would stand in English sentences.
 */
export function readerOf(
  { ctx, headers }: Pick<FastifyRequest, 'ctx' | 'headers'>,
  facts: {
    user: { lang: string } | null;
    profile: { timezone: string } | null;
    personal: { timezone: string } | null;
  },
): Reader {
  const { lang } = ctx;
  const preferred = [facts.user?.lang ?? '', ...acceptedLanguages(headers['accept-language'])];
  const locale = preferred.find((tag) => tag.includes('-') && languageOf(tag) === languageOf(lang) && isLocale(tag));
  return {
    lang,
    locale: locale ?? (languageOf(lang) === 'en' ? default_reader.locale : lang),
    timezone: facts.profile?.timezone ?? facts.personal?.timezone ?? 'UTC',
  };
}

/** Returns the tags of an `Accept-Language` header in the order of preference. */
function acceptedLanguages(header: string | undefined): string[] {
  return (header ?? '')
    .slice(0, 200)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(/\s*;\s*/);
      const quality = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? 1);
      return { tag, quality: Number.isNaN(quality) ? 0 : quality };
    })
    .filter(({ tag, quality }) => quality > 0 && /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i.test(tag))
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}

function languageOf(tag: string): string {
  return (tag.split('-')[0] ?? '').toLowerCase();
}

/** True for a language tag that `Intl` knows. */
export function isLocale(tag: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false; // not a language tag
  }
}
