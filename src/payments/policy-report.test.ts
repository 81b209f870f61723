import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePolicyReports } from './policy-report-routes.ts';
import { readPolicyReports } from './policy-report.ts';

const read = (value: unknown) =>
  readPolicyReports(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
const key = 'a3'.repeat(20);
const body = {
  documentURL: `https://site.example/billing/finish/${key}/?next=${key}#x`,
  effectiveDirective: 'script-src-elem',
  blockedURL: `https://evil.example:8443/skim.js?card=${key}`,
};
const seen = { directive: 'script-src-elem', blocked: 'https://evil.example:8443', page: '/billing/finish/…/' };

test('a report of either format names directive, origin and page, and no key, path or query of it', () => {
  assert.deepEqual(read([{ type: 'csp-violation', age: 1, url: '', user_agent: 'x', body }]), [seen]);
  const old = {
    'document-uri': body.documentURL,
    'violated-directive': 'script-src-elem https://js.stripe.com',
    'blocked-uri': body.blockedURL,
  };
  assert.deepEqual(read({ 'csp-report': old }), [seen]);
  const blocked = (blockedURL: unknown) =>
    read([{ type: 'csp-violation', body: { ...body, blockedURL } }]).map((each) => each.blocked);
  assert.deepEqual(
    ['inline', 'eval', 'data', 'data:text/html,x', `blob:https://a.example/${key}`, key, '<script>', 7, null].flatMap(
      blocked,
    ),
    ['inline', 'eval', 'data', 'data:', 'https://a.example', 'unknown', 'unknown', 'unknown', 'unknown'],
  );
});

test('hostile content is left out: nothing throws, and a request has ten reports at most', () => {
  const report = { type: 'csp-violation', body };
  for (const value of [
    '',
    'null',
    '[',
    '7',
    '"x"',
    [],
    {},
    [null],
    [[]],
    { 'csp-report': 'x' },
    '{"__proto__":{"csp-report":{}}}',
  ])
    assert.deepEqual(read(value), []);
  assert.deepEqual(
    read([
      { ...report, type: 'deprecation' },
      { ...report, body: null },
    ]),
    [],
  );
  assert.deepEqual(read([{ ...report, body: { ...body, effectiveDirective: 'x'.repeat(9000) } }]), []);
  assert.equal(read(Array(1000).fill(report)).length, 10);
  const [long] = read([{ ...report, body: { ...body, documentURL: `https://x.example/${'a/'.repeat(900)}` } }]);
  assert(long && long.page.length <= 200);
  assert.deepEqual(read(Buffer.from([0xff, 0xfe]).toString('latin1')), []);
});

test('a network has 20 requests a minute, all together 200, and a violation is logged once an hour', () => {
  let now_ms = Date.parse('2026-03-10T15:00:00Z');
  const reports = makePolicyReports({ now: () => new Date(now_ms) });
  const admitted = (count: number, ip: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => reports.admits(ip(index))).filter(Boolean).length;
  assert.equal(
    admitted(50, () => '203.0.113.7'),
    20,
  );
  assert.equal(
    admitted(500, (index) => `198.51.${index % 250}.${index % 200}`),
    180,
  );
  now_ms += 60_000;
  assert.equal(reports.admits('203.0.113.7'), true);
  assert.deepEqual(
    [reports.note(seen), reports.note(seen), reports.note({ ...seen, page: '/x/' })],
    [true, false, true],
  );
  now_ms += 3_600_000;
  assert.equal(reports.note(seen), true);
  for (let index = 0; index < 3000; index += 1) reports.note({ ...seen, page: `/${index}/` });
  assert.equal(reports.note(seen), true, 'the oldest is forgotten');
  assert.equal(reports.gauges()[0]?.value, 3005);
});
