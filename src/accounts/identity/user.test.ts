import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCode } from '../verifications/verification.ts';
import { parseSshKey } from '../credentials/ssh-key.ts';
import { parseEmail } from '#kernel/email';
import { canonicalIdentifier, parseIdentifier, parsePhone } from './address.ts';
import { nickName, printableName } from './user.ts';
import { isUsername, proposeUsernames } from './username.ts';

test('an e-mail address is parsed to lower case; other text is refused', () => {
  assert.equal(parseEmail(' Xia.Lee+1@Example.COM '), 'xia.lee+1@example.com');
  assert.equal(parseEmail('xia@localhost.localdomain'), 'xia@localhost.localdomain');
  for (const text of [
    '',
    'x',
    '@x.com',
    'x@',
    'x@y',
    'a b@x.com',
    'x@y.com\r\nBcc: z@z.com',
    '<x@y.com>',
    `${'x'.repeat(250)}@y.com`,
  ]) {
    assert.equal(parseEmail(text), null, text);
  }
});

test('a phone number is parsed in any spelling, local ones as US numbers', () => {
  for (const text of ['+14155550123', '415-555-0123', '(415) 555 0123', '1.415.555.0123']) {
    assert.equal(parsePhone(text), '+14155550123', text);
  }
  assert.equal(parsePhone('+33 1 23 45 67 89'), '+33123456789');
  for (const text of ['', 'donny', '12', '+', '4'.repeat(60)]) assert.equal(parsePhone(text), null, text);
});

test('digits that form a phone number are not a username, other digits are', () => {
  for (const text of ['4155550123', '415-555-0123', '14155550123']) assert.ok(!isUsername(text), text);
  for (const text of ['007', '2026', 'joe-4155550123', 'x4155550123']) assert.ok(isUsername(text), text);
  const proposals = proposeUsernames('4155550123@x.example', () => '123');
  assert.equal(proposals.next().value, 'user-123');
});

test('spellings of one identifier have one canonical form', () => {
  assert.equal(canonicalIdentifier('DONNY'), canonicalIdentifier(' donny '));
  assert.equal(canonicalIdentifier('Donny@Example.com'), canonicalIdentifier('donny@example.com'));
  assert.equal(canonicalIdentifier('(415) 555-0123'), canonicalIdentifier('+14155550123'));
  assert.deepEqual(parseIdentifier('nonsense@'), { kind: 'none' });
  assert.deepEqual(parseIdentifier(' '), { kind: 'none' });
});

test('a username contains only URL-safe characters and is not that of an archived user', () => {
  for (const name of ['donny', 'Donny-1', 'd_o', '-', '_']) assert.equal(isUsername(name), true, name);
  for (const name of ['', 'a b', 'a.b', 'a@b', 'ü', 'a/b', '_archive_1', '_ARCHIVE_x', 'x'.repeat(151)]) {
    assert.equal(isUsername(name), false, name);
  }
});

test('usernames are proposed from the address, then with digits', () => {
  const digits = () => '375';
  const take = (email: string | null) => {
    const proposals = proposeUsernames(email, digits);
    return [1, 2, 3].map(() => proposals.next().value ?? '');
  };
  assert.deepEqual(take('joe9@x.com'), ['joe9', 'joe9-375', 'joe9-375']);
  assert.deepEqual(take('xia.lee@x.com'), ['xialee', 'xialee-375', 'xialee-375']);
  assert.deepEqual(take(null), ['user-375', 'user-375', 'user-375']);
  assert.ok(take(`${'x'.repeat(64)}@y.com`).every((name) => name.length <= 50));
});

test('a code is parsed with blanks, and as a number without its leading zeros', () => {
  assert.equal(parseCode(12345), '012345');
  assert.equal(parseCode('012345'), '012345');
  assert.equal(parseCode(0), '000000');
  for (const text of ['123456', '123 456', ' 123456 ', '1 2 3 4 5 6', '123\u00a0456', '123\t456\n']) {
    assert.equal(parseCode(text), '123456', JSON.stringify(text));
  }
  for (const value of [undefined, '', '   ', '1234567', '123 4567', '123-456', -1, 1.5, 'abc'])
    assert.equal(parseCode(value), null, String(value));
});

test('a user is shown by nick name, full name or username, in that order', () => {
  assert.equal(printableName({ nick_name: 'X', full_name: 'Xia Lee', username: 'xia' }), 'X');
  assert.equal(printableName({ nick_name: '', full_name: 'Xia Lee', username: 'xia' }), 'Xia Lee');
  assert.equal(printableName({ nick_name: '', full_name: '', username: 'xia' }), 'xia');
  assert.equal(nickName({ nick_name: '', full_name: 'Xia Lee' }), 'Xia');
});

test('an SSH key is refused if the key type in its body differs from the first word', () => {
  const body = 'AAAAC3NzaC1lZDI1NTE5AAAAIFdgdqMpZRE9dGXeaG6rkjBXuYvVGvLBwJMVE5c2bGYs';
  assert.equal(parseSshKey(` ssh-ed25519 ${body} me@here `), `ssh-ed25519 ${body} me@here`);
  assert.equal(parseSshKey(`ssh-rsa ${body}`), null);
  assert.equal(parseSshKey(`command="x" ssh-ed25519 ${body}`), null);
  assert.equal(parseSshKey(`ssh-dss ${body}`), null);
});
