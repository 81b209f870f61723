import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveKey, equalConstantTime, open, randomCode6, randomKey40, randomText, seal, sha256Hex } from './crypto.ts';

const key = deriveKey('the master key of a test', 'one purpose');
const other_key = deriveKey('the master key of a test', 'another purpose');

test('a sealed secret opens with its key only', () => {
  const sealed = seal('JBSWY3DPEHPK3PXP', key);
  assert.match(sealed, /^v1\.[0-9a-f]{8}\.[-\w]+$/);
  assert.equal(open(sealed, key), 'JBSWY3DPEHPK3PXP');
  assert.throws(() => open(sealed, other_key), /No key with the id/);
});

test('during a rotation of keys, a secret sealed with the old key opens', () => {
  assert.equal(open(seal('secret', other_key), [key, other_key]), 'secret');
});

test('a sealed secret that was altered, cut or moved to another row does not open', () => {
  const sealed = seal('secret', key, 'user:1');
  assert.equal(open(sealed, key, 'user:1'), 'secret');
  assert.throws(() => open(sealed, key, 'user:2'));
  const last = sealed.at(-2) === 'A' ? 'B' : 'A';
  assert.throws(() => open(`${sealed.slice(0, -2)}${last}${sealed.slice(-1)}`, key, 'user:1'));
  assert.throws(() => open(sealed.slice(0, 30), key, 'user:1'));
  assert.throws(() => open('not sealed at all', key));
});

test('sealing twice gives two texts', () => {
  assert.notEqual(seal('secret', key), seal('secret', key));
});

test('keys and codes have the documented shape', () => {
  for (let round = 0; round < 200; round += 1) {
    assert.match(randomKey40(), /^[0-9a-f]{40}$/);
    assert.match(randomCode6(), /^[0-9]{6}$/);
  }
  assert.match(randomText(64, 'ab'), /^[ab]{64}$/);
});

test('texts of any lengths compare as equal or not', () => {
  assert.equal(equalConstantTime('abc', 'abc'), true);
  assert.equal(equalConstantTime('abc', 'abcd'), false);
  assert.equal(equalConstantTime('', 'a'), false);
});

test('SHA-256 is the one of FIPS 180-4', () => {
  assert.equal(sha256Hex('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
