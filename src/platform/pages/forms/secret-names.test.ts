import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { hasCardNumber, isSecretName } from './secret-names.ts';

test('every field of a template that is never printed again has a name under which nothing is kept', async () => {
  const names: string[] = [];
  for await (const file of glob('themes/default/templates/**/*.html')) {
    const text = await readFile(file, 'utf8');
    for (const [tag] of text.matchAll(/\{%-? render '_field\.html'[^%]*%\}|<input[^>]*>/g)) {
      if (!/type: 'password'|secret: true|type="password"|one-time-code/.test(tag)) continue;
      const name = /name(?:: '|=")([^'"]+)/.exec(tag)?.[1];
      if (name !== undefined) names.push(name);
    }
  }
  assert.ok(names.length > 20);
  assert.deepEqual(
    [...new Set(names)].filter((name) => !isSecretName(name)),
    [],
  );
});

test('ordinary fields are kept', () => {
  for (const name of ['full_name', 'postal_code', 'country_code', 'card_name', 'title', 'period_amount', 'message'])
    assert.equal(isSecretName(name), false, name);
});

test('a card number is found in any text', () => {
  for (const text of ['4242424242424242', 'my card: 4242 4242 4242 4242.', '4000-0566-5566-5556', '378282246310005'])
    assert.equal(hasCardNumber(text), true, text);
  for (const text of ['4242424242424241', '+1 415 555 2671', '1,121.20', '2026-11-25', ''])
    assert.equal(hasCardNumber(text), false, text);
});
