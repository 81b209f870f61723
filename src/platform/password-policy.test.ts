import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusePassword } from './password-policy.ts';

const facts = { username: 'xia', email: 'xia.lee@example.com', full_name: 'Xia Lee' };
const cases: [password: string, min_length: number, refusal: string | null][] = [
  ['short', 8, 'password_too_short'],
  ['yoyo', 4, null],
  ['yo', 4, 'password_too_short'],
  ['password', 8, 'password_common'],
  ['PassWord', 8, 'password_common'],
  ['password2026!', 8, 'password_common'],
  ['12345678', 8, 'password_common'],
  ['xia.lee@example.com', 8, 'password_personal'],
  ['Xia Lee', 4, 'password_personal'],
  ['xia-lee', 4, 'password_personal'],
  ['a fine long sentence', 15, null],
  ['fourteen chars', 15, 'password_too_short'],
  ['🦊🦊🦊🦊🦊🦊🦊', 8, 'password_too_short'],
];

for (const [password, min_length, refusal] of cases) {
  test(`"${password}" with at least ${min_length} characters: ${refusal ?? 'accepted'}`, () => {
    assert.equal(refusePassword(password, facts, { min_length }), refusal);
  });
}

test('unknown facts refuse nothing', () => {
  assert.equal(refusePassword('a fine sentence', {}, { min_length: 8 }), null);
});
