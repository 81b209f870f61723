import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  humanizeDate,
  humanizeDatetime,
  humanizeDay,
  humanizeRelative,
  humanizeZone,
  readMoment,
} from './humanize-date.ts';
import { humanizeMoney } from './humanize-money.ts';
import { readerOf } from './reader.ts';
import { makeTemplates } from './templates.ts';

const now = new Date('2026-11-25T23:40:00Z');
const pacific = { locale: 'en-US', timezone: 'America/Los_Angeles' };

function momentOf(text: string) {
  const moment = readMoment(text);
  assert.ok(moment);
  return moment;
}

test('an amount has the symbol, the groups and the decimals of its currency and locale', () => {
  const table: [amount: number, unit: string | null, locale: string, expected: string][] = [
    [112120, 'usd', 'en-US', '$1,121.20'],
    [123456, 'eur', 'en-US', '€1,234.56'],
    [-5400, 'usd', 'en-US', '−$54.00'],
    [5400, '-usd', 'en-US', '−$54.00'],
    [0, '-usd', 'en-US', '$0.00'],
    [-1, 'usd', 'en-US', '−$0.01'],
    [120000, 'jpy', 'en-US', '¥1,200'],
    [120050, 'jpy', 'en-US', '¥1,200.50'],
    [112120, 'usd', 'en-GB', '$1,121.20'],
    [112120, 'eur', 'de-DE', '1.121,20\u00a0€'],
    [112120, null, 'en-US', '1,121.20'],
    [112120, 'xyz', 'en-US', '1,121.20 XYZ'],
    [Number.MAX_SAFE_INTEGER, 'usd', 'en-US', '$90,071,992,547,409.91'],
    [112120, 'usd', 'no-such-locale-at-all', '$1,121.20'],
  ];
  for (const [amount, unit, locale, expected] of table) assert.equal(humanizeMoney({ amount, unit }, locale), expected);
  for (const amount of [1.5, '100', null, Number.MAX_SAFE_INTEGER + 2])
    assert.equal(humanizeMoney({ amount, unit: 'usd' }, 'en-US'), '');
});

test('a whole price has no decimals', () => {
  assert.equal(humanizeMoney({ amount: 5900, unit: 'usd' }, 'en-US', { whole: true }), '$59');
  assert.equal(humanizeMoney({ amount: 5950, unit: 'usd' }, 'en-US', { whole: true }), '$59.50');
});

test('a date is written in the locale and the zone of the reader, a day without time is the same in every zone', () => {
  assert.equal(humanizeDate(momentOf('2026-11-26T01:00:00Z'), pacific), 'Nov 25, 2026');
  assert.equal(humanizeDate(momentOf('2026-11-26'), pacific), 'Nov 26, 2026');
  assert.equal(humanizeDate(momentOf('2026-11-26'), { locale: 'en-GB', timezone: 'UTC' }), '26 Nov 2026');
  assert.equal(humanizeDatetime(momentOf('2026-11-25T23:40:00Z'), pacific), 'Nov 25, 2026, 3:40 PM');
  assert.equal(humanizeDate(momentOf('2026-11-26'), { locale: 'en-US', timezone: 'Nowhere/Land' }), 'Nov 26, 2026');
  assert.equal(humanizeZone(pacific), 'Pacific Time');
});

test('an instant within 24 hours is relative, the days beside today have words, others are dates', () => {
  const table: [string, string][] = [
    ['2026-11-25T23:39:40Z', 'now'],
    ['2026-11-25T23:35:00Z', '5 minutes ago'],
    ['2026-11-25T21:40:00Z', '2 hours ago'],
    ['2026-11-26T01:40:00Z', 'in 2 hours'],
    ['2026-11-24T20:00:00Z', 'yesterday at 12:00 PM'],
    ['2026-11-27T00:12:00Z', 'tomorrow at 4:12 PM'],
    ['2026-11-23T20:00:00Z', 'Nov 23, 2026'],
    ['2026-11-25', 'today'],
  ];
  for (const [at, expected] of table) assert.equal(humanizeRelative(momentOf(at), now, pacific), expected, at);
  assert.equal(humanizeDay(momentOf('2026-11-25T08:30:00Z'), now, pacific), 'today');
  assert.equal(humanizeDay(momentOf('2026-11-25T07:30:00Z'), now, pacific), 'yesterday');
});

test('the filters use the reader of the page; a time element has the full instant as its title', () => {
  const templates = makeTemplates({
    lookup: () => ({
      source: `{{ at | humanize_date }}|{{ 112120 | humanize_money: 'eur' }}|{{ at | time_tag }}|{{ '2026-03-05' | time_tag }}|{{ reader.timezone | humanize_timezone }}|{{ nothing | time_tag }}|{{ 'check' | icon }}|{{ 'Xia van der Lee' | initials }}{{ '(été) 🎉' | initials }}{{ '🎉' | initials }}`,
      version: '1',
    }),
    assetUrl: (name) => `/static/${name}?v=1`,
    clock: { now: () => now },
  });
  const html = templates.renderPage('page', {
    at: '2026-11-26T01:00:00Z',
    reader: { lang: 'en', locale: 'en-GB', timezone: 'America/Los_Angeles' },
  });
  assert.deepEqual(html.split('|'), [
    '25 Nov 2026',
    '€1,121.20',
    '<time datetime="2026-11-26T01:00:00.000Z" title="25 Nov 2026, 17:00:00 GMT-8">25 Nov 2026</time>',
    '<time datetime="2026-03-05" title="5 Mar 2026">5 Mar 2026</time>',
    'Pacific Time',
    '',
    '<svg class="tg-icon" aria-hidden="true"><use href="/static/img/icons.svg?v=1#check"/></svg>',
    'XLÉ',
  ]);
});

test('the reader has the first preferred locale in the language of the page, and the zone of the profile', () => {
  const read = (accept: string | undefined, lang: string | null, zones: (string | null)[]) => {
    const [profile, personal] = zones.map((timezone) => (timezone === null ? null : { timezone }));
    const ctx = { lang: 'en' } as Parameters<typeof readerOf>[0]['ctx']; // only the language is read
    const user = lang === null ? null : { lang };
    return readerOf(
      { ctx, headers: { 'accept-language': accept } },
      { user, profile: profile ?? null, personal: personal ?? null },
    );
  };
  assert.deepEqual(read('de-DE,de;q=0.9,en-GB;q=0.5,en-IN;q=0.8', null, [null, null]), {
    lang: 'en',
    locale: 'en-IN',
    timezone: 'UTC',
  });
  assert.equal(read('de-DE', null, [null, null]).locale, 'en-US');
  assert.equal(read('en-GB', 'en-AU', [null, null]).locale, 'en-AU');
  assert.equal(read('en-GB', 'en', [null, null]).locale, 'en-GB');
  assert.equal(read('<rubbish>;q=x,en-', null, [null, null]).locale, 'en-US');
  assert.equal(read(undefined, 'en', ['Asia/Tokyo', 'Europe/Paris']).timezone, 'Asia/Tokyo');
  assert.equal(read(undefined, 'en', [null, 'Europe/Paris']).timezone, 'Europe/Paris');
});
