import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isolateTexts, plainText, withPlainTexts } from './plain-text.ts';

test('a name in a message to an unknown recipient loses addresses of pages and mailboxes, and markup', () => {
  const cases: Record<string, string> = {
    'Ada Lovelace': 'Ada Lovelace',
    'Dr. Ada K. Lovelace, Ltd.': 'Dr. Ada K. Lovelace, Ltd.',
    "Renée O'Neill & Søns": "Renée O'Neill & Søns",
    'Look at https://spam.test/1': 'Look at',
    'Look at HTTPS://SPAM.TEST': 'Look at',
    'Look at spam.test/win?x=1 now': 'Look at now',
    'Look at spam.test now': 'Look at spam test now',
    'www.spam.test': '',
    'write to a@spam.test': 'write to',
    'javascript:alert.x': '',
    '//spam.test/x': '',
    '<a href="https://spam.test">Win</a>': 'Win',
    '[Win](https://spam.test)': 'Win',
    'Win\r\nBcc: all@example.com': 'Win\nBcc:',
    'spam\u200b.te\u00adst': 'spam test',
    'ｓｐａｍ．ｔｅｓｔ／win': '',
    'spam。test': 'spam test',
    '\u202Etset.maps': 'tset maps',
    '192.0.2.7/x': '',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(plainText(text, 60), expected, text);
  assert.equal(plainText('x'.repeat(500), 60), `${'x'.repeat(59)}…`);
});

test('all texts of the data become plain, except validated members; an empty name becomes the handle', () => {
  const data = {
    profile: {
      slug: 'acme',
      printable_name: 'https://spam.test',
      email: 'desk@acme.example.com',
      extra: { a: ['b.test/x'] },
    },
    changes: { email: { pre: 'a@example.com', post: 'b@spam.test' } },
    detail: `Hello, see spam.test/x\nYours`,
    back_url: 'https://site.example.com/x',
    amount: 100,
    at: new Date(0),
  };
  assert.deepEqual(withPlainTexts(data), {
    profile: { slug: 'acme', printable_name: 'acme', email: 'desk@acme.example.com', extra: { a: [''] } },
    changes: { email: { pre: '', post: '' } },
    detail: 'Hello, see\nYours',
    back_url: 'https://site.example.com/x',
    amount: 100,
    at: new Date(0),
  });
});

test('dates stay as they are, and nothing else that begins like one', () => {
  const dates = ['2026-02-16T10:00:00.000Z', '2026-02-16T10:00:00Z', '2026-02-16'];
  assert.deepEqual(withPlainTexts({ ends_at: dates }), { ends_at: dates });
  for (const text of ['2026-02-16T10:00:00.000Z.spam.test/x', '2026-02-16\nspam.test/x', 'spam.test/2026-02-16'])
    assert.doesNotMatch(withPlainTexts({ ends_at: text }).ends_at, /spam\.test/, text);
});

test('a text that is written from right to left is isolated, wherever it stands; others and addresses stay', () => {
  const at = new Date(0);
  const data = {
    profile: { printable_name: 'חברה בע"מ', email: 'דואר@example.com', slug: 'acme' },
    plans: ['Basic', 'خطة'],
    back_url: 'https://site.example.com/x',
    amount: 5900,
    at,
    none: null,
  };
  assert.deepEqual(isolateTexts(data), {
    profile: { printable_name: '\u2068חברה בע"מ\u2069', email: 'דואר@example.com', slug: 'acme' },
    plans: ['Basic', '\u2068خطة\u2069'],
    back_url: 'https://site.example.com/x',
    amount: 5900,
    at,
    none: null,
  });
});
