import type { Liquid } from 'liquidjs';
import { numberFormatter } from '#kernel/formatters';
import { formatPercent } from '#kernel/money';
import { isPeriodType, periodNoun } from '#kernel/period';
import type { Clock } from '../clock.ts';
import { withNext } from '../http/next.ts';
import {
  humanizeDate,
  humanizeDatetime,
  humanizeDay,
  humanizeInstant,
  humanizeRelative,
  humanizeZone,
  type Moment,
  readMoment,
} from './humanize-date.ts';
import { humanizeMoney } from './humanize-money.ts';
import { renderMarkdown } from './markdown.ts';
import { default_reader, isLocale, type Reader } from './reader.ts';
import { escapeHtml, textOf, TrustedHtml } from './trusted-html.ts';

export interface FilterTools {
  clock: Clock;
  /** Returns the address of a public file, with its hash: `css/site.css` → `/static/css/site.css?v=…`. */
  assetUrl: (name: string) => string;
}

/** Labels of form fields that differ from the words of their names. */
const fieldNames: Readonly<Record<string, string>> = {
  new_password: 'Password',
  new_password2: 'Password again',
  card_exp: 'Expiry date',
  card_cvc: 'Security code',
  organization_name: 'Organization',
  username: 'User name',
  'terms-of-use': 'Terms of use',
  email: 'E-mail address',
};

/** A filter of a page: `this.context` is the rendering. */
interface FilterScope {
  context: { getSync(path: string[]): unknown };
}

/** Registers the filters of pages. A filter prints nothing for a value that it does not support. */
export function registerFilters(engine: Liquid, { clock, assetUrl }: FilterTools): void {
  const define = (name: string, filter: (value: unknown, ...args: unknown[]) => unknown) =>
    engine.registerFilter(name, filter);
  /** Defines a filter that returns safe HTML; `raw` keeps the engine from escaping it a second time. */
  const defineHtml = (name: string, filter: (value: unknown, ...args: unknown[]) => TrustedHtml) =>
    engine.registerFilter(name, { raw: true, handler: (value: unknown, ...args: unknown[]) => filter(value, ...args) });

  registerWording(engine, clock);
  define('humanize_percent', (bps) => (typeof bps === 'number' ? formatPercent(bps) : ''));
  define('humanize_period', (type, length) => perPeriod(textOf(type), typeof length === 'number' ? length : 1));
  define('humanize_periods', (count, type) => periodCount(count, textOf(type)));
  define('humanize_expiry', (date) => textOf(date).replace(/^(\d{4})-(\d{2})(-\d{2})?$/, '$2/$1'));
  define('isoformat', (value) => readMoment(value)?.at.toISOString() ?? '');
  define('date_in_future', (value) => (readMoment(value)?.at.getTime() ?? -Infinity) > clock.now().getTime());
  define('humanize_field', (name) => fieldLabel(textOf(name)));
  define('initials', (name) => initialsOf(textOf(name)));
  define('iteritems', (value) => (isRecord(value) ? Object.entries(value) : []));
  define('with_next', (path, next) => withNext(textOf(path), textOf(next)));
  define('asset', (name) => assetUrl(textOf(name)));

  defineHtml('icon', (name, size) => iconOf(textOf(name), textOf(size), assetUrl));
  defineHtml('md', (text) => renderMarkdown(text instanceof TrustedHtml ? text : textOf(text)));
  defineHtml('option_elements', (options, chosen) => new TrustedHtml(optionElements(options, textOf(chosen))));
  defineHtml('to_json', (value) => new TrustedHtml(scriptJson(value)));
  defineHtml('raw', trustedOnly);
  defineHtml('escape', trustedOnly);
  defineHtml('newline_to_br', (text) => new TrustedHtml(trustedOnly(text).toString().replace(/\r?\n/g, '<br>\n')));
}

/** Registers the filters of dates and amounts, which use the locale and the zone of the reader of the page. */
function registerWording(engine: Liquid, clock: Clock): void {
  const define = (name: string, filter: (reader: Reader, value: unknown, ...args: unknown[]) => string) =>
    engine.registerFilter(name, function wording(this: FilterScope, value: unknown, ...args: unknown[]) {
      return filter(readerIn(this), value, ...args);
    });
  const defineDate = (name: string, format: (moment: Moment, reader: Reader) => string) =>
    define(name, (reader, value, timezone) => {
      const moment = readMoment(value);
      if (moment === null) return '';
      return format(moment, typeof timezone === 'string' && timezone !== '' ? { ...reader, timezone } : reader);
    });
  const relative = (moment: Moment, reader: Reader) => humanizeRelative(moment, clock.now(), reader);

  define('humanize_money', ({ locale }, amount, unit) => humanizeMoney({ amount, unit }, locale));
  define('price', ({ locale }, money, unit) => humanizeMoney(moneyOf(money, unit), locale));
  define('whole_price', ({ locale }, money, unit) => humanizeMoney(moneyOf(money, unit), locale, { whole: true }));
  define('pluralize', ({ locale }, count, one, many) => plural(count, textOf(one), textOf(many), locale));
  defineDate('humanize_date', humanizeDate);
  defineDate('humanize_short_date', humanizeDate);
  defineDate('humanize_datetime', humanizeDatetime);
  defineDate('humanize_day', (moment, reader) => humanizeDay(moment, clock.now(), reader));
  defineDate('humanize_relative', relative);
  define('humanize_timezone', (reader, timezone) =>
    humanizeZone(typeof timezone === 'string' ? { ...reader, timezone } : reader),
  );

  const variants: Readonly<Record<string, (moment: Moment, reader: Reader) => string>> = {
    date: humanizeDate,
    datetime: humanizeDatetime,
    day: (moment, reader) => humanizeDay(moment, clock.now(), reader),
    relative,
  };
  engine.registerFilter('time_tag', {
    raw: true,
    handler(this: FilterScope, value: unknown, variant: unknown) {
      const moment = readMoment(value);
      if (moment === null) return new TrustedHtml('');
      const reader = readerIn(this);
      const name = textOf(variant);
      const format = Object.hasOwn(variants, name) ? variants[name] : undefined;
      return timeTag(moment, (format ?? humanizeDate)(moment, reader), humanizeInstant(moment, reader));
    },
  });
}

function readerIn({ context }: FilterScope): Reader {
  const value = context.getSync(['reader']);
  if (!isRecord(value)) return default_reader;
  const { lang, locale, timezone } = { ...default_reader, ...value };
  const tag = textOf(locale);
  return { lang: textOf(lang), locale: isLocale(tag) ? tag : default_reader.locale, timezone: textOf(timezone) };
}

function timeTag({ at, is_day }: Moment, text: string, title: string): TrustedHtml {
  const datetime = is_day ? at.toISOString().slice(0, 10) : at.toISOString();
  return new TrustedHtml(`<time datetime="${datetime}" title="${escapeHtml(title)}">${escapeHtml(text)}</time>`);
}

/** Returns an icon of `img/icons.svg`. Icons only repeat words, so that screen readers skip them. */
function iconOf(name: string, size: string, assetUrl: (name: string) => string): TrustedHtml {
  if (!/^[a-z]+$/.test(name)) return new TrustedHtml('');
  const use = escapeHtml(`${assetUrl('img/icons.svg')}#${name}`);
  return new TrustedHtml(
    `<svg class="tg-icon${size === 's' ? ' tg-icon-s' : ''}" aria-hidden="true"><use href="${use}"/></svg>`,
  );
}

function trustedOnly(value: unknown): TrustedHtml {
  return value instanceof TrustedHtml ? value : new TrustedHtml(escapeHtml(textOf(value)));
}

function moneyOf(money: unknown, unit: unknown): { amount: unknown; unit: unknown } {
  return isRecord(money) ? { amount: money['amount'], unit: money['unit'] } : { amount: money, unit };
}

function perPeriod(type: string, length: number): string {
  if (!isPeriodType(type)) return '';
  return length === 1 ? `per ${periodNoun(type, 1)}` : `every ${length} ${periodNoun(type, length)}`;
}

function periodCount(count: unknown, type: string): string {
  return typeof count === 'number' && isPeriodType(type) ? `${count} ${periodNoun(type, count)}` : '';
}

function fieldLabel(name: string): string {
  const label = Object.hasOwn(fieldNames, name) ? fieldNames[name] : undefined;
  // A label is returned unchanged: `E-mail address`.
  if (label !== undefined || !/^[a-z0-9_.-]+$/.test(name)) return label ?? name;
  const words = name.replace(/[_.-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Returns the first letters of the first and the last word: `XL` for Xia Lee. */
function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen
    .map((word = '') => {
      const [first] = graphemes.segment(word.replace(/^[^\p{L}\p{N}]+/u, ''));
      return first?.segment.toUpperCase() ?? '';
    })
    .join('');
}

function plural(count: unknown, one: string, many: string, locale: string): string {
  const word = count === 1 ? one : many === '' ? `${one}s` : many;
  const number = typeof count === 'number' ? numberFormatter(locale, {}).format(count) : textOf(count);
  return `${number} ${word}`;
}

/** Returns JSON that cannot end the script element that contains it. */
function scriptJson(value: unknown): string {
  const json = JSON.stringify(value) ?? 'null';
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/**
 * Returns the `<option>` elements of a list of {value, label}. A chosen value that is not among them comes first. One
 * filter instead of a loop: a loop over the 700 countries and time zones of a form takes 10 ms.
 */
function optionElements(options: unknown, chosen: string): string {
  const offered = (Array.isArray(options) ? options : []).filter(isRecord);
  const elements = offered.map(({ value, label }) => optionElement(textOf(value), textOf(label), chosen));
  const isOffered = chosen === '' || offered.some(({ value }) => textOf(value) === chosen);
  return [...(isOffered ? [] : [optionElement(chosen, chosen, chosen)]), ...elements].join('\n');
}

function optionElement(value: string, label: string, chosen: string): string {
  return `<option value="${escapeHtml(value)}"${value === chosen ? ' selected' : ''}>${escapeHtml(label)}</option>`;
}
