import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalEmail, emailSpellings, parseEmail } from './email.ts';

test('every spelling of an address has one stored form', () => {
  const spellings = [
    'joe@bücher.example',
    'JOE@BÜCHER.EXAMPLE',
    ' joe@bu\u0308cher.example\t',
    'joe@xn--bcher-kva.example',
    'joe@XN--BCHER-KVA.example',
    '\u00a0joe@bücher。example',
  ];
  for (const text of spellings) {
    assert.equal(parseEmail(text), 'joe@xn--bcher-kva.example', JSON.stringify(text));
    assert.equal(canonicalEmail(text), 'joe@xn--bcher-kva.example');
  }
  assert.deepEqual(emailSpellings('joe@bücher.example'), ['joe@xn--bcher-kva.example', 'joe@bücher.example']);
  assert.equal(parseEmail('Rene\u0301@x.example'), 'rené@x.example');
});

test('an address with an invisible character or without a domain is refused', () => {
  for (const text of [
    'jo\u200be@x.example',
    'joe@x\u00ad.example',
    'joe\u2060@x.example',
    'joe\u202e@x.example',
    'jo\ufe0fe@x.example',
    'joe\u3164@x.example',
    'joe@x.exam\u0000ple',
    'joe@',
    '@x.example',
    'joe@x',
    'joe@@x.example',
    'joe@xn--a.example',
    'joe@x..example',
    'joe@-x.example',
    'joe@x-.example',
    'joe@127.0.0.1',
    'a b@x.example',
    '',
  ])
    assert.equal(parseEmail(text), null, JSON.stringify(text));
});

test('a text that is not an address is only lower-cased for a look-up', () => {
  assert.equal(canonicalEmail(' Some-Name '), 'some-name');
  assert.deepEqual(emailSpellings('some-name'), ['some-name']);
});
