import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusePassword } from './password-policy.ts';

const facts = { username: 'xia', email: 'xia.lee@example.com', full_name: 'Xia Lee', phone: '+14155550188' };
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
  ['XiaLee2026!', 8, 'password_personal'],
  ['lee.xia.lee', 8, 'password_personal'],
  ['4155550188', 8, 'password_personal'],
  ['+1 (415) 555-0188', 8, 'password_personal'],
  ['aaaaaaaa', 8, 'password_common'],
  ['aaaaaaaa', 4, 'password_common'],
  ['Summer2026', 8, 'password_common'],
  ['Summer2026!', 8, 'password_common'],
  ['P@ssword2026!!', 8, 'password_common'],
  ['qwertyuiop', 8, 'password_common'],
  ['1qaz2wsx3edc', 8, 'password_common'],
  ['abcdefgh', 8, 'password_common'],
  ['tollgate1', 8, 'password_common'],
  ['1'.repeat(1000), 8, 'password_common'],
  ['xia kj3h4k5j lee', 8, null],
  ['correct horse 7', 8, null],
  ['correct-horse-battery', 8, null],
  ['kj3h4k5jq', 8, null],
  ['a fine long sentence', 15, null],
  ['fourteen chars', 15, 'password_too_short'],
  ['🦊🦊🦊🦊🦊🦊🦊', 8, 'password_too_short'],
];

for (const [password, min_length, refusal] of cases) {
  test(`"${password.slice(0, 40)}" with at least ${min_length} characters: ${refusal ?? 'accepted'}`, async () => {
    assert.equal(await refusePassword(password, facts, { min_length }), refusal);
  });
}

test('unknown facts refuse nothing', async () => {
  assert.equal(await refusePassword('a fine sentence', {}, { min_length: 8 }), null);
});
