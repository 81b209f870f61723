import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayForward, buildRequestHeaders, buildResponseHeaders } from './forward-headers.ts';
import type { SessionCarrier } from '../sessions/session-token.ts';

const caller = { ip: '203.0.113.9', scheme: 'https', host: 'cowork.example.com', request_id: 'r1' };

const further = new Set(['x-requested-with', 'x-csrf-token', 'x-request-id']);
const response = { request_id: 'r1', status: 200, transport_policy: null };

function sent(raw: string[], session: SessionCarrier | null = null): Record<string, string[]> {
  return grouped(buildRequestHeaders(raw, caller, { session, further }));
}

function grouped(raw: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let index = 0; index < raw.length; index += 2) (headers[raw[index]!.toLowerCase()] ??= []).push(raw[index + 1]!);
  return headers;
}

// oxfmt-ignore
const dropped = [
  'Authorization', 'Proxy-Authorization', 'Connection', 'Keep-Alive', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Expect', 'Host', 'From', 'Baggage',
  'X-Forwarded-For', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Groups', 'X-Forwarded-Preferred-Username', 'X-Forwarded-Access-Token', 'X-Forwarded-Client-Cert', 'Forwarded', 'Via',
  'X-Real-IP', 'X-Client-IP', 'X-Cluster-Client-IP', 'True-Client-IP', 'CF-Connecting-IP', 'Fastly-Client-IP', 'X-Envoy-External-Address', 'X-ProxyUser-Ip',
  'X-Original-URL', 'X-Original-URI', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X-Accel-Redirect', 'X-Sendfile-Type', 'X_Forwarded_For', 'X_Requested_With',
  'Remote-User', 'Remote-Groups', 'Remote-Email', 'Remote-Name', 'X-Remote-User', 'X-Remote-Group', 'X-Remote-Extra-Scopes', 'X-Auth-Request-User', 'X-Auth-Request-Email', 'X-Auth-Username', 'X-Auth-Token',
  'X-User', 'X-User-ID', 'X-User-Email', 'X-User-Roles', 'X-Username', 'X-Userinfo', 'X-Email', 'X-Groups', 'X-Roles', 'X-Role', 'X-Tenant-ID', 'X-Account-ID', 'X-Org-ID', 'X-Scope-OrgID', 'X-Consumer-ID',
  'X-Consumer-Username', 'X-Credential-Identifier', 'X-Authenticated-User', 'X-Authenticated-Userid', 'X-Authenticated-Groups', 'X-WebAuth-User', 'X-Token', 'X-Access-Token', 'X-ID-Token', 'X-API-Key', 'X-Admin',
  'X-Internal', 'X-Session', 'X-JWT-Assertion', 'X-JWT-Payload', 'X-Endpoint-API-UserInfo', 'X-Apigateway-Api-Userinfo', 'X-Amzn-OIDC-Data', 'X-Amzn-OIDC-Identity', 'X-Goog-Authenticated-User-Email',
  'X-Goog-IAP-JWT-Assertion', 'X-MS-Client-Principal', 'X-MS-Client-Principal-Name', 'X-MS-Token-AAD-ID-Token', 'X-Vouch-User', 'X-Authentik-Username', 'X-Authentik-Groups', 'X-Pomerium-Jwt-Assertion',
  'Cf-Access-Jwt-Assertion', 'Cf-Access-Authenticated-User-Email', 'Tailscale-User-Login', 'Tailscale-User-Name', 'X-Hasura-Role', 'X-Hasura-User-Id', 'X-Hasura-Admin-Secret', 'X-Parse-Master-Key',
  'X-Middleware-Subrequest', 'X-Middleware-Prefetch', 'X-NextJS-Data', 'X-Impersonate-User', 'Impersonate-User', 'X-Sudo', 'X-Grafana-Org-Id', 'X-Forwarded-Roles', 'X-Tollgate-User',
  'Client-Cert', 'Client-Cert-Chain', 'SSL-Client-Cert', 'SSL-Client-Verify', 'X-SSL-Client-Verify', 'X-SSL-Client-S-DN', 'X-SSL-Client-Cert', 'X-Client-Cert', 'X-Client-Verify', 'X-ARR-ClientCert', 'OIDC_CLAIM_sub',
  'OIDC-Claim-Email', 'MellonUser', 'Eppn', 'Shib-Session-ID', 'AUTH_USER', 'Oam-Remote-User', 'SM-User', 'IV-User', 'IV-Groups', 'Uid', 'User', 'Username', 'Apikey', 'Token', 'Stripe-Signature', 'X-Hub-Signature-256', 'X-Custom', 'HX-Request',
];
for (const name of dropped) {
  test(`${name} of the caller does not reach the upstream by default`, () => {
    assert.equal(mayForward(name.toLowerCase(), further), false);
  });
}

// oxfmt-ignore
const passed = [
  'Accept', 'Accept-Language', 'Content-Type', 'Content-Length', 'If-None-Match', 'Range', 'Origin', 'Referer', 'User-Agent', 'X-CSRF-Token', 'X-Requested-With',
  'Sec-WebSocket-Key', 'Sec-Fetch-Site', 'Sec-CH-UA-Platform', 'Last-Event-ID', 'traceparent', 'Idempotency-Key', 'DNT', 'Save-Data', 'Cache-Control', 'Access-Control-Request-Method',
];
for (const name of passed) {
  test(`${name} of the caller reaches the upstream`, () => {
    assert.equal(mayForward(name.toLowerCase(), further), true);
  });
}

test('a site allows further headers by name, except those that the gateway sets', () => {
  const more = new Set([
    'stripe-signature',
    'x-forwarded-for',
    'x-real-ip',
    'authorization',
    'cookie',
    'x_user',
    'host',
    'te',
  ]);
  assert.equal(mayForward('stripe-signature', more), true);
  for (const name of more) if (name !== 'stripe-signature') assert.equal(mayForward(name, more), false, name);
});

test('a preflight reaches the upstream without cookies and without a session', () => {
  const raw = ['Cookie', 'theme=dark', 'Origin', 'https://shop.example', 'Access-Control-Request-Method', 'PUT'];
  const session = { name: 'authorization', value: 'Bearer s' } as const;
  const headers = grouped(buildRequestHeaders(raw, caller, { session, further, is_preflight: true }));
  assert.deepEqual([headers.cookie, headers.authorization], [undefined, undefined]);
  assert.deepEqual(headers['access-control-request-method'], ['PUT']);
});

test('the fields that identify the caller are set by the gateway only', () => {
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

test('the credentials of the caller are replaced by the session or removed', () => {
  const raw = ['Authorization', 'Bearer callers-token'];
  assert.equal(sent(raw).authorization, undefined);
  assert.deepEqual(sent(raw, { name: 'authorization', value: 'Bearer s' }).authorization, ['Bearer s']);
});

test('cookies of Tollgate are removed, cookies of the application are forwarded unchanged', () => {
  const raw = [
    'Cookie',
    'sessionid=s; theme="a b"; __Host-sessionid=s; csrftoken=c; visitor=v; SessionID=x; odd',
    'Cookie',
    'flash=f; b=2',
  ];
  assert.deepEqual(sent(raw).cookie, ['theme="a b"; odd; b=2']);
  assert.equal(sent(['Cookie', 'sessionid=s']).cookie, undefined);
});

test('a session cookie is added to the cookies of the application, a forged one is removed', () => {
  const raw = ['Cookie', 'sessionid=forged; b=2'];
  assert.deepEqual(sent(raw, { name: 'cookie', value: 'sessionid=gateway' }).cookie, ['b=2; sessionid=gateway']);
});

test('fields that Connection names are removed in both directions', () => {
  assert.equal(sent(['Connection', 'close, X-Secret', 'X-Secret', '1'])['x-secret'], undefined);
  assert.deepEqual(
    grouped(buildResponseHeaders(['Connection', 'X-Secret', 'x-secret', '1', 'X-Other', '2'], response)),
    {
      'x-request-id': ['r1'],
      'x-other': ['2'],
    },
  );
});

test('the upstream can set its own cookies and none of Tollgate', () => {
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
  assert.deepEqual(grouped(buildResponseHeaders(raw, response)), {
    'x-request-id': ['r1'],
    'set-cookie': ['a=1; Path=/', 'b=sessionid=2'],
  });
});

test('the upstream receives a well-formed request id of the caller, the caller receives the id of the gateway', () => {
  assert.deepEqual(sent(['X-Request-ID', 'trace-1'])['x-request-id'], ['trace-1']);
  assert.deepEqual(sent(['X-Request-ID', 'a b\u0001'])['x-request-id'], ['r1']);
  assert.deepEqual(sent([])['x-request-id'], ['r1']);
  assert.deepEqual(grouped(buildResponseHeaders(['X-Request-Id', 'theirs'], response)), { 'x-request-id': ['r1'] });
});

test('a response keeps its encoding, length and redirect', () => {
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
  assert.deepEqual(grouped(buildResponseHeaders(raw, response)), {
    'x-request-id': ['r1'],
    'content-encoding': ['br'],
    'content-length': ['12'],
    location: ['/elsewhere'],
  });
});

test('a status without content loses length and type, a HEAD response keeps both', () => {
  const raw = ['Content-Length', '5', 'Content-Type', 'text/plain', 'ETag', '"1"'];
  for (const status of [101, 103, 204, 205]) {
    assert.deepEqual(grouped(buildResponseHeaders(raw, { ...response, status })), {
      'x-request-id': ['r1'],
      etag: ['"1"'],
    });
  }
  assert.equal(grouped(buildResponseHeaders(raw, { ...response, status: 304 }))['content-length'], undefined);
  assert.deepEqual(grouped(buildResponseHeaders(raw, response))['content-length'], ['5']);
});

test('the upstream cannot set the transport policy of the host or instruct the proxy in front', () => {
  const raw = [
    ['Strict-Transport-Security', 'max-age=0'],
    ['Clear-Site-Data', '"cookies"'],
    ['Alt-Svc', 'h3="evil.test:443"'],
    ['X-Accel-Redirect', '/etc/passwd'],
    ['X-Sendfile', '/etc/passwd'],
    ['X-Lighttpd-Send-File', '/etc/passwd'],
    ['X-LiteSpeed-Location', '/etc/passwd'],
    ['X-Reproxy-URL', 'http://127.0.0.1/'],
    ['NEL', '{"report_to":"all","max_age":86400,"include_subdomains":true}'],
    ['Report-To', '{"group":"all","endpoints":[{"url":"https://elsewhere.example/"}]}'],
    ['Expect-CT', 'max-age=86400, report-uri="https://elsewhere.example/"'],
  ].flat();
  assert.deepEqual(grouped(buildResponseHeaders(raw, response)), { 'x-request-id': ['r1'] });
  const secure = grouped(buildResponseHeaders(raw, { ...response, transport_policy: 'max-age=31536000' }));
  assert.deepEqual(secure['strict-transport-security'], ['max-age=31536000']);
});
