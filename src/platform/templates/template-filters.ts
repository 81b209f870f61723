import type { Liquid } from 'liquidjs';
import { formatMoney, formatPercent } from '#kernel/money';
import { isPeriodType, periodNoun } from '#kernel/period';
import type { Clock } from '../clock.ts';
import { withNext } from '../http/next.ts';
import { renderMarkdown } from './markdown.ts';
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

/** Registers the filters of pages. A filter prints nothing for a value that it does not support. */
export function registerFilters(engine: Liquid, { clock, assetUrl }: FilterTools): void {
  const define = (name: string, filter: (value: unknown, ...args: unknown[]) => unknown) =>
    engine.registerFilter(name, filter);
  /** Defines a filter that returns safe HTML; `raw` keeps the engine from escaping it a second time. */
  const defineHtml = (name: string, filter: (value: unknown, ...args: unknown[]) => TrustedHtml) =>
    engine.registerFilter(name, { raw: true, handler: (value: unknown, ...args: unknown[]) => filter(value, ...args) });

  define('humanize_money', (amount, unit) => moneyText(amount, unit));
  define('price', (money, unit) =>
    isRecord(money) ? moneyText(money['amount'], money['unit']) : moneyText(money, unit),
  );
  define('humanize_percent', (bps) => (typeof bps === 'number' ? formatPercent(bps) : ''));
  define('humanize_period', (type, length) => perPeriod(textOf(type), typeof length === 'number' ? length : 1));
  define('humanize_periods', (count, type) => periodCount(count, textOf(type)));
  define('humanize_expiry', (date) => textOf(date).replace(/^(\d{4})-(\d{2})(-\d{2})?$/, '$2/$1'));
  define('humanize_short_date', (value, timezone) => shortDate(value, textOf(timezone)));
  define('isoformat', (value) => readDate(value)?.toISOString() ?? '');
  define('date_in_future', (value) => (readDate(value)?.getTime() ?? Number.NEGATIVE_INFINITY) > clock.now().getTime());
  define('humanize_field', (name) => fieldLabel(textOf(name)));
  define('pluralize', (count, one, many) => plural(count, textOf(one), textOf(many)));
  define('iteritems', (value) => (isRecord(value) ? Object.entries(value) : []));
  define('with_next', (path, next) => withNext(textOf(path), textOf(next)));
  define('asset', (name) => assetUrl(textOf(name)));

  defineHtml('md', (text) => renderMarkdown(text instanceof TrustedHtml ? text : textOf(text)));
  defineHtml('to_json', (value) => new TrustedHtml(scriptJson(value)));
  defineHtml('raw', trustedOnly);
  defineHtml('escape', trustedOnly);
  defineHtml('newline_to_br', (text) => new TrustedHtml(trustedOnly(text).toString().replace(/\r?\n/g, '<br>\n')));
}

function trustedOnly(value: unknown): TrustedHtml {
  return value instanceof TrustedHtml ? value : new TrustedHtml(escapeHtml(textOf(value)));
}

function moneyText(amount: unknown, unit: unknown): string {
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount)) return '';
  return formatMoney({ amount, unit: typeof unit === 'string' ? unit : null });
}

function perPeriod(type: string, length: number): string {
  if (!isPeriodType(type)) return '';
  return length === 1 ? `per ${periodNoun(type, 1)}` : `every ${length} ${periodNoun(type, length)}`;
}

function periodCount(count: unknown, type: string): string {
  return typeof count === 'number' && isPeriodType(type) ? `${count} ${periodNoun(type, count)}` : '';
}

function shortDate(value: unknown, timezone: string): string {
  const at = readDate(value);
  if (at === null) return '';
  const options = { year: 'numeric', month: 'short', day: '2-digit' } as const;
  return new Intl.DateTimeFormat('en-US', { ...options, timeZone: timezone === '' ? 'UTC' : timezone }).format(at);
}

function readDate(value: unknown): Date | null {
  if (typeof value !== 'string' && !(value instanceof Date)) return null;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? null : at;
}

function fieldLabel(name: string): string {
  const label = Object.hasOwn(fieldNames, name) ? fieldNames[name] : undefined;
  if (label !== undefined) return label;
  const words = name.replace(/[_.-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function plural(count: unknown, one: string, many: string): string {
  const word = count === 1 ? one : many === '' ? `${one}s` : many;
  return `${textOf(count)} ${word}`;
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
