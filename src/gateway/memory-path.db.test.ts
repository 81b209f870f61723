import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { createPersonalProfile, findRoleType, insertRole } from '#profiles';
import { type BothPaths, type Outcome, startBothPaths, withoutChance } from '../../test/support/both-paths.ts';
import { makeUser } from '../../test/support/factories/accounts.ts';
import { inTransaction } from '../platform/db/database.ts';
import type { UserId } from '../platform/db/db-schema.ts';

let paths: BothPaths;
let host: string;
let xia_id: UserId;

/** The application: the query selects status, fields and timing of its response. */
function respond(request: IncomingMessage, response: ServerResponse): void {
  const query = new URL(request.url ?? '/', 'http://upstream').searchParams;
  if (query.has('hang')) return;
  if (query.has('cut')) {
    response.writeHead(200, { 'content-length': '10' }).write('12345');
    setTimeout(() => response.destroy(), 20);
    return;
  }
  if (query.has('reset')) {
    request.socket.destroy();
    return;
  }
  const status = Number(query.get('status') ?? 200);
  const fields = query.getAll('field').map((field) => field.split('='));
  const body = query.get('body') ?? `${request.method} ${request.url}`;
  response.writeHead(status, query.get('reason') ?? undefined, [
    ...fields.flatMap(([name = '', ...value]) => [name, value.join('=')]),
    ...(query.has('chunked') ? [] : ['Content-Length', String(Buffer.byteLength(body))]),
  ]);
  response.end(body);
}

async function manage(method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`${paths.app.origin}${path}`, {
    method,
    headers: { authorization: 'Bearer donny', 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.text()}`);
}

before(async () => {
  paths = await startBothPaths(respond, { upstream_timeout_ms: 300, upstream_requests_per_caller_max: 3 });
  host = new URL(paths.app.origin).host;
  const { db, site, clock } = await paths.app.makeContext();
  const at = clock.now();
  for (const username of ['donny', 'xia']) {
    const user = await makeUser(db, { username, full_name: `${username} Tester` });
    if (username === 'xia') xia_id = user.id;
    await inTransaction(db, async (tx) => {
      if (username === 'xia') return void (await createPersonalProfile(tx, user, at));
      const type = await findRoleType(tx, site.broker_id, 'manager');
      assert.ok(type);
      const role = { user_id: user.id, profile_id: site.broker_id, role_type_id: type.id, accepted_at: at };
      await insertRole(tx, role, at);
    });
  }
  await manage('PUT', '/api/proxy', { entry_point: `${paths.upstream_url}/base/`, session_backend: 2 });
  const rules = [
    { path: '/open/', allow: 0 },
    { path: '/member/', allow: 1, engaged: 'app' },
    { path: '/app/{profile}/', allow: 4 },
    { path: '/self/{user}/', allow: '13/{"user": null, "roledescription": null}' },
    { path: '/paid/{profile}/', allow: 15 },
    { path: '/signed/', allow: 2 },
    { path: '/pages/', allow: 0, is_forward: false },
    { path: '/', allow: 0 },
  ];
  for (const [index, rule] of rules.entries()) await manage('POST', '/api/proxy/rules', { rank: index + 1, ...rule });
});

after(() => paths.close());

const xia = 'Authorization: Bearer xia';
const page = 'Accept: text/html,application/xhtml+xml,*/*;q=0.8';

/** Builds a request; `fields` replace the usual Host when one of them is a Host. */
function build(line: string, fields: readonly string[] = [], body = ''): string {
  const has_host = fields.some((field) => /^host\b/i.test(field));
  const all = [...(has_host ? [] : [`Host: ${host}`]), ...fields];
  return `${line} HTTP/1.1\r\n${all.map((field) => `${field}\r\n`).join('')}\r\n${body}`;
}

/** Sends a request on both paths; once before, so that its facts are in memory. */
async function compare(bytes: string): Promise<Outcome> {
  await paths.first(bytes);
  const routed = await paths.routed(bytes);
  const first = await paths.first(bytes);
  assert.deepEqual(withoutChance(first), withoutChance(routed), JSON.stringify(bytes));
  assert.equal(routed.is_from_memory, false);
  return first;
}

// Requests that the memory path serves. Statuses are those of the caller.
// oxfmt-ignore
const served: readonly (readonly [string, number, string, (readonly string[])?])[] = [
  ['an anonymous caller on an open path',      200, 'GET /open/a'],
  ['a signed-in caller',                       200, 'GET /member/a?b=%2F&c',             [xia]],
  ['a cookie of Tollgate',                     200, 'GET /member/',                      ['Cookie: sessionid=xia; theme=dark; csrftoken=1']],
  ['HEAD',                                     200, 'HEAD /member/',                     [xia]],
  ['a role on the profile of the path',        200, 'GET /app/xia/',                     [xia]],
  ['a name in another case',                   200, 'GET /app/XIA/x',                    [xia]],
  ['the caller as the user of the path',       200, 'GET /self/xia/',                    [xia]],
  ['the end of the connection',                200, 'GET /open/',                        ['Connection: close']],
  ['spoofed fields',                           200, 'GET /open/',                        ['X-Forwarded-For: 6.6.6.6', 'X-Real-IP: 6.6.6.6', 'X-User: donny', 'Proxy-Authorization: x', 'X_Real_IP: 1']],
  ['forwarded fields',                         200, 'GET /open/',                        ['X-Requested-With: fetch', 'X-Request-ID: from-caller', 'X-CSRF-Token: t', 'Range: bytes=0-1', 'If-None-Match: "a"', 'Sec-CH-UA: "x"']],
  ['two fields of one name',                   200, 'GET /open/',                        ['Accept: text/html', 'Accept: text/plain', 'Cookie: a=1', 'Cookie: b=2; visitor=abcdefghijklmnopqrstuvwx']],
  ['fields that are not ASCII',                200, 'GET /open/',                        ['Referer: http://x/\xe6', 'Sec-Fetch-Site: cross-site', 'Origin: https://evil.example']],
  ['a Host of another site',                   200, 'GET /open/',                        ['Host: evil.example']],
  ['an escaped path',                          200, 'GET /open/%C3%A6%20b/z'],
  ['an odd but plain path',                    200, "GET /open/!$&'()*+,;=:@~|^"],
  ['an extension on a path of Tollgate',       200, 'GET /login.php'],
  ['another spelling of a granted path',       200, 'GET /Member/',                      [xia]],
  ['a 304',                                    304, 'GET /open/?status=304&field=ETag=x'],
  ['a 204 with a length',                      204, 'GET /open/?status=204&body='],
  ['a redirect',                               302, 'GET /open/?status=302&field=Location=/login/'],
  ['an error of the application',              503, 'GET /open/?status=503&field=Retry-After=1'],
  ['a chunked body',                           200, 'GET /open/?chunked=1&body=abc'],
  ['a reason phrase',                          200, 'GET /open/?reason=Fine'],
  ['withheld response fields',                 200, 'GET /open/?field=Strict-Transport-Security=1&field=X-Accel-Redirect=/x&field=Alt-Svc=h3&field=X-Kept=1&field=Connection=X-Named&field=X-Named=1&field=Keep-Alive=timeout%3D9'],
  ['cookies of the application',               200, 'GET /open/?field=Set-Cookie=sessionid%3Dx&field=Set-Cookie=theme%3Dlight&field=Set-Cookie=__Host-csrftoken%3D1'],
  ['a response that is cut',                   200, 'GET /open/?cut'],
];

for (const [title, status, line, fields] of served)
  test(`the memory path serves ${title} as the router does`, async () => {
    const { response, is_from_memory } = await compare(build(line, fields));
    assert.equal(response?.status, status);
    assert.equal(is_from_memory, true);
  });

// Requests that the memory path gives to the router.
// oxfmt-ignore
const routed: readonly (readonly [string, number, string, (readonly string[])?, string?])[] = [
  ['an anonymous caller on a protected path',  401, 'GET /member/'],
  ['a browser without sign-in',                302, 'GET /member/?a=1',                  [page]],
  ['a caller without the role',                403, 'GET /app/donny/',                   [xia]],
  ['a subscription that is missing',           402, 'GET /paid/xia/',                    [xia]],
  ['an agreement that is not signed',          403, 'GET /signed/',                      [xia]],
  ['an unknown profile',                       404, 'GET /paid/unknown/',                 [xia]],
  ['an invalid token on an open path',         200, 'GET /open/',                        ['Authorization: Bearer unknown']],
  ['an invalid token on a protected path',     401, 'GET /member/',                      ['Authorization: Bearer unknown']],
  ['a page of the theme',                      404, 'GET /pages/none',                    [page]],
  ['a path of Tollgate',                       401, 'GET /api/proxy'],
  ['a path of Tollgate in another spelling',   400, 'GET /API/proxy'],
  ['an escaped path of Tollgate',              401, 'GET /%61pi/proxy'],
  ['a health check',                           200, 'GET /healthz'],
  ['a dot segment',                            400, 'GET /open/../member/'],
  ['an escaped dot segment',                   400, 'GET /open/%2e%2e/member/'],
  ['a malformed escape',                       400, 'GET /open/%zz'],
  ['a control character',                      400, 'GET /open/%00'],
  ['a fragment',                               400, 'GET /open/#a'],
  ['another spelling of a protected path',     401, 'GET /Member/'],
  ['a script before a protected path',         401, 'GET /index.php/member/'],
  ['a body',                                   200, 'GET /open/',                        ['Content-Length: 2'], 'hi'],
  ['an empty body',                            200, 'GET /open/',                        ['Content-Length: 0']],
  ['a chunked body',                           200, 'GET /open/',                        ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n'],
  ['an unknown transfer coding',               501, 'GET /open/',                        ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'],
  ['two lengths',                              400, 'GET /open/',                        ['Content-Length: 2', 'Content-Length: 3'], 'hi'],
  ['POST',                                     200, 'POST /open/',                       ['Content-Length: 2'], 'hi'],
  ['DELETE',                                   200, 'DELETE /open/'],
  ['a preflight',                              200, 'OPTIONS /member/',                  ['Origin: https://a.example', 'Access-Control-Request-Method: GET']],
  ['another method',                           405, 'PROPFIND /open/'],
  ['a foreign POST by cookie',                 403, 'POST /member/',                     ['Cookie: sessionid=xia', 'Origin: https://evil.example']],
  ['two Hosts',                                400, 'GET /open/',                        ['Host: a.example', 'Host: b.example']],
  ['an invalid Host',                          400, 'GET /open/',                        ['Host: a b']],
  ['an empty Host',                            400, 'GET /open/',                        ['Host: ']],
  ['an offer of h2c',                          200, 'GET /open/',                        ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk']],
  ['fields that Connection names',             200, 'GET /open/',                        ['Connection: close, X-Requested-With', 'X-Requested-With: fetch']],
  ['an address as target',                     200, 'GET http://evil.example/open/'],
  ['TE and Trailer',                           200, 'GET /open/',                        ['TE: trailers', 'Trailer: X-Checksum']],
  ['a long address',                           200, `GET /open/${'a'.repeat(3000)}`],
  ['an address that is too long',              414, `GET /open/${'a'.repeat(8200)}`],
];

for (const [title, status, line, fields, body] of routed)
  test(`the memory path gives ${title} to the router`, async () => {
    const { response, is_from_memory } = await compare(build(line, fields, body));
    assert.equal(is_from_memory, false);
    assert.equal(response?.status, status, response?.body);
  });

for (const [title, line, status] of [
  ['hangs', 'GET /open/?hang', 504],
  ['closes the connection', 'GET /open/?reset', 503],
] as const)
  for (const fields of [[], [page], [page, 'Authorization: Bearer donny']])
    test(`the router responds when the application ${title} (${fields.length} fields)`, async () => {
      const { response } = await compare(build(line, fields));
      assert.equal(response?.status, status, response?.body);
    });

const odd_pieces = `Member api login pages index.php .. . ;x a;b %2e %2F %5c \\ %c3 %25 %2541 %00 %zz + (S(x)) " | \xe6 %E2%84%AA`;
const usual_fields = `${xia}
Cookie: sessionid=xia
Cookie: SessionID=x; a=b;; =c; __Secure-sessionid=d
Connection: close
Connection: keep-alive
Host: evil.example
X-Forwarded-Proto: https
X-Tollgate-Session: x
Via: 1.1 a
X-Request-ID: mine
X-Request-ID: bad id
Range: bytes=0-0
Accept: text/html
Content-Type: text/plain
Origin: null
Sec-Fetch-Site: cross-site
X-A: 1
Keep-Alive: timeout=5`.split('\n');
const odd_fields = `Authorization: bearer  xia
Authorization: Bearer unknown
Authorization: 
Connection: x-a
Host: a/b
Content-Length: 0
Expect: 100-continue
Expect: other
Upgrade: h2c
TE: trailers
Trailer: a
Transfer-Encoding: identity
Proxy-Connection: close`.split('\n');

test('generated requests have the same outcome on both paths', async () => {
  const odd = fc.constantFrom('', ...odd_pieces.split(' '));
  const piece = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('a', 'open', 'xia', 'app', '%C3%A6', '~') }, odd);
  const path = fc.array(piece, { maxLength: 3 }).map((pieces) => `/${pieces.join('/')}`);
  const prefixed = fc.tuple(fc.constantFrom('', '/open', '/member', '/app/xia'), path).map((parts) => parts.join(''));
  const search = fc.constantFrom(
    '',
    '',
    '?a=1&b=%zz',
    '?body=x&status=304',
    '?a=\x7f',
    '?/../',
    '?field=X-Kept=1',
    '??',
  );
  const field = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(xia, ...usual_fields) },
    fc.constantFrom(...odd_fields),
  );
  const request = fc.record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE', 'get'),
    target: fc.tuple(prefixed, search).map((parts) => parts.join('')),
    fields: fc.uniqueArray(field, { maxLength: 3 }),
  });
  let memory_count = 0;
  await fc.assert(
    fc.asyncProperty(request, async ({ method, target, fields }) => {
      const { is_from_memory } = await compare(build(`${method} ${target}`, fields));
      if (is_from_memory) memory_count += 1;
    }),
    { numRuns: 250, seed: 7 },
  );
  assert.ok(memory_count >= 40, `only ${memory_count} requests were served from memory`);
});

test('a change of a rule, a role or the settings takes effect for the next request from memory', async () => {
  const open = build('GET /changed/');
  await manage('POST', '/api/proxy/rules', { rank: 1, path: '/changed/', allow: 0 });
  assert.equal((await compare(open)).is_from_memory, true);
  await manage('PUT', '/api/proxy/rules/changed', { rank: 1, allow: 1, is_forward: true });
  assert.equal((await paths.first(open)).response?.status, 401);
  assert.equal((await compare(build('GET /changed/', [xia]))).is_from_memory, true);

  const profile = build('GET /app/xia/', [xia]);
  assert.equal((await compare(profile)).is_from_memory, true);
  await paths.app.database.db.deleteFrom('roles').where('user_id', '=', xia_id).execute();
  assert.equal((await paths.first(profile)).response?.status, 403);
});
