import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayForward, requestHeaders, responseHeaders } from './forward-headers.ts';

const caller = { ip: '203.0.113.9', scheme: 'https', host: 'cowork.example.com', request_id: 'r1' };

function sent(raw: string[], session: Parameters<typeof requestHeaders>[2] = null): Record<string, string[]> {
  return grouped(requestHeaders(raw, caller, session));
}

function grouped(raw: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let index = 0; index < raw.length; index += 2) (headers[raw[index]!.toLowerCase()] ??= []).push(raw[index + 1]!);
  return headers;
}

// oxfmt-ignore
const dropped = [
  'Authorization', 'Proxy-Authorization', 'Connection', 'Keep-Alive', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Expect', 'Host',
  'X-Forwarded-For', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Access-Token', 'Forwarded', 'Via', 'X-Real-IP', 'X-Client-IP', 'True-Client-IP',
  'CF-Connecting-IP', 'X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X_Forwarded_For',
  'X-Remote-User', 'Remote-User', 'X-Auth-Request-User', 'X-User', 'X-WebAuth-User', 'X-Authenticated-User',
];
for (const name of dropped) {
  test(`${name} of the caller does not reach the upstream`, () => {
    assert.equal(mayForward(name.toLowerCase()), false);
  });
}

// oxfmt-ignore
const passed = [
  'Accept', 'Content-Type', 'Content-Length', 'If-None-Match', 'Range', 'Origin', 'Referer', 'User-Agent', 'X-CSRFToken', 'X-Requested-With',
  'X-Custom', 'HX-Request', 'Stripe-Signature', 'X-Hub-Signature-256', 'Sec-WebSocket-Key', 'Sec-Fetch-Site', 'Last-Event-ID', 'traceparent', 'Idempotency-Key',
];
for (const name of passed) {
  test(`${name} of the caller reaches the upstream`, () => {
    assert.equal(mayForward(name.toLowerCase()), true);
  });
}

test('who the caller is comes from us alone', () => {
  const headers = sent([
    'X-Forwarded-For',
    '1.2.3.4',
    'x-real-ip',
    '1.2.3.4',
    'X-Forwarded-Proto',
    'gopher',
    'Host',
    'evil.test',
  ]);
  assert.deepEqual(headers['x-forwarded-for'], ['203.0.113.9']);
  assert.deepEqual(headers['x-real-ip'], ['203.0.113.9']);
  assert.deepEqual(headers['x-forwarded-proto'], ['https']);
  assert.deepEqual(headers['x-forwarded-host'], ['cowork.example.com']);
  assert.deepEqual(headers.host, ['cowork.example.com']);
});

test("the caller's credentials are replaced by the session or stripped", () => {
  const raw = ['Authorization', 'Bearer callers-token'];
  assert.equal(sent(raw).authorization, undefined);
  assert.deepEqual(sent(raw, { name: 'authorization', value: 'Bearer s' }).authorization, ['Bearer s']);
});

test('our cookies stay here, those of the application travel as they are', () => {
  const raw = [
    'Cookie',
    'sessionid=s; theme="a b"; __Host-sessionid=s; csrftoken=c; visitor=v; SessionID=x; odd',
    'Cookie',
    'flash=f; b=2',
  ];
  assert.deepEqual(sent(raw).cookie, ['theme="a b"; odd; b=2']);
  assert.equal(sent(['Cookie', 'sessionid=s']).cookie, undefined);
});

test('a session in a cookie joins those of the application, a forged one does not survive', () => {
  const raw = ['Cookie', 'sessionid=forged; b=2'];
  assert.deepEqual(sent(raw, { name: 'cookie', value: 'sessionid=ours' }).cookie, ['b=2; sessionid=ours']);
});

test('fields that Connection names go no further, in both directions', () => {
  assert.equal(sent(['Connection', 'close, X-Secret', 'X-Secret', '1'])['x-secret'], undefined);
  assert.deepEqual(grouped(responseHeaders(['Connection', 'X-Secret', 'x-secret', '1', 'X-Other', '2'], 'r1')), {
    'x-request-id': ['r1'],
    'x-other': ['2'],
  });
});

test('the upstream sets its own cookies, never ours', () => {
  const cookies = [
    'a=1; Path=/',
    'sessionid=evil; Path=/',
    '__Host-sessionid=evil; Secure; Path=/',
    'csrftoken=evil',
    '=sessionid=evil',
    ' visitor =evil',
    'b=sessionid=2',
  ];
  const raw = cookies.flatMap((cookie) => ['Set-Cookie', cookie]);
  assert.deepEqual(grouped(responseHeaders(raw, 'r1')), {
    'x-request-id': ['r1'],
    'set-cookie': ['a=1; Path=/', 'b=sessionid=2'],
  });
});

test('a request is named by us, in both directions', () => {
  assert.deepEqual(sent(['X-Request-ID', 'forged'])['x-request-id'], ['r1']);
  assert.deepEqual(grouped(responseHeaders(['X-Request-Id', 'theirs'], 'r1')), { 'x-request-id': ['r1'] });
});

test('an answer keeps its own encoding, length and redirect', () => {
  const raw = [
    'Content-Encoding',
    'br',
    'Content-Length',
    '12',
    'Location',
    '/elsewhere',
    'Transfer-Encoding',
    'chunked',
    'Keep-Alive',
    'timeout=5',
  ];
  assert.deepEqual(grouped(responseHeaders(raw, 'r1')), {
    'x-request-id': ['r1'],
    'content-encoding': ['br'],
    'content-length': ['12'],
    location: ['/elsewhere'],
  });
});
