import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { countWrongCode, checkTotpCode, type TotpFactor, countWrongCodeOfAll, findTotpLock } from './totp.ts';

const secret = Secret.fromUTF8('12345678901234567890').base32;
const fresh: TotpFactor = {
  secret_sealed: '',
  confirmed_at: new Date(0),
  last_step: null,
  failures_count: 0,
  locked_until: null,
};

/** RFC 6238 appendix B, SHA-1, the last six of its eight digits. */
const vectors: [seconds: number, code: string][] = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
];

for (const [seconds, code] of vectors) {
  test(`the code at second ${seconds} of RFC 6238 is ${code}`, () => {
    const verdict = checkTotpCode(fresh, secret, code, new Date(seconds * 1000));
    assert.deepEqual(verdict, { kind: 'right', step: Math.floor(seconds / 30) });
  });
}

test('an accepted step invalidates itself and every earlier step', () => {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  const at = new Date(1_700_000_000_000);
  const step = Math.floor(at.getTime() / 30_000);
  const code = (offset: number) => totp.generate({ timestamp: at.getTime() + offset * 30_000 });
  const used = { ...fresh, last_step: step };
  assert.equal(checkTotpCode(used, secret, code(0), at).kind, 'used');
  assert.equal(checkTotpCode(used, secret, code(-1), at).kind, 'used');
  assert.deepEqual(checkTotpCode(used, secret, code(1), at), { kind: 'right', step: step + 1 });
});

test('text that is not a code is wrong', () => {
  for (const code of ['', '1', '12345', '1234567', 'abcdef', '      ']) {
    assert.equal(checkTotpCode(fresh, secret, code, new Date(59_000)).kind, 'wrong', code);
  }
});

test('every third failure locks the factor, doubling up to a day', () => {
  const at = new Date(0);
  let factor: Pick<TotpFactor, 'failures_count' | 'locked_until'> = fresh;
  const minutes: (number | null)[] = [];
  for (let count = 1; count <= 36; count += 1) {
    factor = countWrongCode(factor, at);
    const locked = factor.locked_until === null ? null : factor.locked_until.getTime() / 60_000;
    if (count % 3 === 0) minutes.push(locked);
    else assert.equal(locked, null);
  }
  assert.deepEqual(minutes, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440, 1440]);
});

const network = { failures_count: 0, locked_until: null, proved_at: null };

test('wrong codes lock their network; those of all unknown networks together lock unknown networks only', () => {
  const at = new Date('2026-03-05T10:00:00Z');
  let all: Pick<TotpFactor, 'failures_count' | 'locked_until'> = fresh;
  // Ten networks with three wrong codes each.
  for (let index = 0; index < 29; index += 1) all = countWrongCodeOfAll(all, network, at);
  assert.equal(findTotpLock(all, network, at), null, 'another network is not locked');
  all = countWrongCodeOfAll(all, network, at);
  const until = new Date(at.getTime() + 5 * 60_000);
  assert.deepEqual(findTotpLock(all, network, at), until);
  const known = { ...network, proved_at: new Date(at.getTime() - 89 * 86_400_000) };
  assert.equal(findTotpLock(all, known, at), null, 'a network of the user is not locked by others');
  assert.deepEqual(countWrongCodeOfAll(all, known, at), all, 'and does not count for others');
  const forgotten = { ...network, proved_at: new Date(at.getTime() - 90 * 86_400_000) };
  assert.deepEqual(findTotpLock(all, forgotten, at), until);
  const own = new Date(at.getTime() + 600_000);
  assert.deepEqual(findTotpLock(all, { ...known, locked_until: own }, at), own, 'its own wrong codes lock it');
  assert.equal(findTotpLock(all, network, until), null, 'the end is exclusive');
});
