import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllow, presentAllow } from './allow.ts';

const accepted = [
  [1, '1'],
  ['1', '1'],
  [0, '0'],
  ['18', '18'],
  ['authenticated', '1'],
  ['2/{"agreement": "terms-of-use"}', '2/{"agreement": "terms-of-use"}'],
  ['2/{}', '2/{"agreement": "terms-of-use"}'],
  ['4/{"roledescription":"contributor"}', '4/{"profile": null, "roledescription": "contributor"}'],
  ['15/{"plan":"premium","unknown":1}', '15/{"profile": null, "plan": "premium", "brokers": null}'],
  ['15/{"plan":["basic","premium"]}', '15/{"profile": null, "plan": ["basic", "premium"], "brokers": null}'],
  ['2/{"agreement":"a/b/c"}', '2/{"agreement": "a/b/c"}'],
  ['0/{}', '0/{}'],
] as const;

for (const [given, stored] of accepted) {
  test(`${JSON.stringify(given)} is presented as ${stored}`, () => {
    const allow = parseAllow(given);
    assert.ok(typeof allow !== 'string');
    assert.equal(presentAllow(allow), stored);
    assert.deepEqual(parseAllow(stored), allow, 'reads back to the same');
  });
}

test('slashes inside the parameters are kept', () => {
  const allow = parseAllow('2/{"agreement":"a/b"}');
  assert.deepEqual(allow, { op: 2, params: { agreement: 'a/b' } });
});

const refused = [
  19,
  -1,
  1.5,
  '19',
  '-1',
  'x',
  '',
  '1.0',
  '2/',
  '2/[]',
  '2/{',
  '2/null',
  '4/{"profile": 3}',
  null,
  true,
  {},
  `2/{"agreement":"${'x'.repeat(1000)}"}`,
];

for (const given of refused) {
  test(`${JSON.stringify(given).slice(0, 40)} is refused with a sentence`, () => {
    const allow = parseAllow(given);
    assert.ok(typeof allow === 'string' && allow.length > 10);
  });
}

test('an operator out of range is named in the refusal', () => {
  const refusal = parseAllow('19');
  assert.ok(typeof refusal === 'string');
  assert.match(refusal, /19/);
});

test('a property name of Object.prototype is not an operator', () => {
  for (const name of ['constructor', 'toString', '__proto__'])
    assert.equal(parseAllow(name), `"${name}" is not the number of an access rule.`);
});
