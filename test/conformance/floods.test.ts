import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { after, before, test } from 'node:test';
import { SignJWT } from 'jose';
import { changeProxy } from '#gateway';
import { trimHeap } from '#platform/trim-heap';
import { countStatements } from '../../bench/statement-count.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../support/factories/profiles.ts';
import { registerBrokerManager } from '../support/register-managers.ts';
import { tokenOf } from '../support/sign-in.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const FLOOD_COUNT = 1_000;
const MANY = 10_000;
const SESSION_BYTES_MAX = 8192;
const MB = 1024 * 1024;

let app: TestApp;
let origin: string;
let forwarded: IncomingHttpHeaders = {};
const upstream = createServer((request, response) => {
  forwarded = request.headers;
  response.end('ok');
});

before(async () => {
  app = await startApp({ config: { terms_required: false, upstream_session_bytes_max: SESSION_BYTES_MAX } });
  origin = await app.tollgate.listen();
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = upstream.address();
  assert.ok(typeof address === 'object' && address !== null);
  const operator = await registerBrokerManager(app, 'operator');
  const entry_point = `http://127.0.0.1:${address.port}/`;
  await changeProxy(await app.tollgate.makeContext('test'), { entry_point }, { private_addresses_allowed: true });
  const made = await operator('POST', '/api/proxy/rules', { rank: 1, path: '/area', allow: 1, is_forward: true });
  assert.equal(made.status, 201, made.text);
});
after(async () => {
  await app.close();
  upstream.close();
});

async function read(path: string, authorization?: string): Promise<{ status: number; text: string }> {
  const headers = { accept: 'application/json', ...(authorization !== undefined && { authorization }) };
  const response = await fetch(`${origin}${path}`, { headers, redirect: 'manual' });
  return { status: response.status, text: await response.text() };
}

/** Returns the statements of the least of some reads: others include those of the background. */
async function countOf(path: string, authorization: string): Promise<number> {
  const counts: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const { statements } = await countStatements(async () => {
      assert.equal((await read(path, authorization)).status, 200);
    });
    counts.push(statements.length);
  }
  return Math.min(...counts);
}

/** Sends requests that are refused with 401, 20 at a time. */
async function flood(send: (index: number) => Promise<{ status: number; text: string }>): Promise<void> {
  const clients_count = 20;
  let next = 0;
  await Promise.all(
    Array.from({ length: clients_count }, async () => {
      while (next < FLOOD_COUNT) {
        const index = next;
        next += 1;
        const { status, text } = await send(index);
        assert.equal(status, 401, text);
      }
    }),
  );
}

const forgedBy = (key: Uint8Array) => (index: number) =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(String(index))
    .setAudience('tollgate')
    .setIssuedAt()
    .setExpirationTime('1h')
    .setJti(`forged-session-${index}`.padEnd(32, 'x'))
    .sign(key);

const floods: [title: string, authorization: (index: number) => Promise<string>, statements_each: number][] = [
  ['garbage', async () => `Bearer ${randomBytes(200).toString('base64url')}`, 0],
  ['tokens of another signer', async (index) => `Bearer ${await forgedBy(randomBytes(32))(index)}`, 0],
  ['malformed keys', async (index) => `Basic ${Buffer.from(`user-${index}:secret`).toString('base64')}`, 0],
  ['very long tokens', async () => `Bearer ${'x'.repeat(8_000)}`, 0],
];

for (const [title, authorization, statements_each] of floods) {
  for (const path of ['/api/profile/cowork', '/area/page']) {
    test(`a flood of ${title} at ${path} costs the database at most ${statements_each} statements each`, async () => {
      const { statements } = await countStatements(() =>
        flood(async (index) => read(path, await authorization(index))),
      );
      const caused = statements.filter((text) => /\b(?:sessions|api_keys|users)\b/.test(text));
      assert.ok(
        caused.length <= statements_each * FLOOD_COUNT,
        `${caused.length} statements, for example ${caused[0] ?? ''}`,
      );
    });
  }
}

test('a caller needs as many statements during a flood of invalid tokens as without it', async () => {
  const user = await makeReadyUser(app.db, { personal: true });
  const authorization = `Bearer ${await tokenOf(app, user)}`;
  const path = `/api/profile/${user.username}`;
  await read(path, authorization);
  const alone = await countOf(path, authorization);
  const [during] = await Promise.all([
    countOf(path, authorization),
    flood(async () => read('/area/page', `Bearer ${randomBytes(60).toString('base64url')}`)),
  ]);
  assert.equal(during, alone);
});

test('a flood of well-formed keys of no user costs the database one statement each and no memory', async () => {
  const keyOf = () =>
    `Basic ${Buffer.from(`${randomBytes(16).toString('hex')}_${randomBytes(16).toString('hex')}:`).toString('base64')}`;
  await flood(() => read('/api/profile/cowork', keyOf()));
  const before_bytes = heapBytes();
  const { statements } = await countStatements(() => flood(() => read('/api/profile/cowork', keyOf())));
  const caused = statements.filter((text) => /\b(?:sessions|api_keys|users)\b/.test(text));
  assert.ok(caused.length <= FLOOD_COUNT, `${caused.length} statements`);
  const growth_mb = (heapBytes() - before_bytes) / MB;
  assert.ok(growth_mb < 10, `the heap grew by ${growth_mb} MB`);
});

test('a caller with 10,000 roles is served, is forwarded with a truncated session, and costs others nothing', async () => {
  const manager = await makeReadyUser(app.db, { personal: true });
  const other = await makeReadyUser(app.db, { personal: true });
  const ofManager = `Bearer ${await tokenOf(app, manager)}`;
  const ofOther = `Bearer ${await tokenOf(app, other)}`;
  assert.equal((await read('/area/page', ofOther)).status, 200);
  const alone = await countOf('/area/page', ofOther);
  await app.database.executeSql(
    `with made as (
       insert into profiles (slug, full_name, created_at)
       select 'many-' || n, 'Organization ' || n, now() from generate_series(1, ${MANY}) as n returning id
     )
     insert into roles (user_id, profile_id, role_type_id, accepted_at, created_at)
     select ${manager.id}, made.id, t.id, now(), now() from made, role_types t where t.slug = 'manager' and t.profile_id is null`,
  );
  const first = await read('/area/page', ofManager);
  assert.equal(first.status, 200, first.text);
  const session = sessionOf(forwarded);
  assert.ok(JSON.stringify(forwarded).length < 2 * SESSION_BYTES_MAX);
  assert.equal(session['truncated'], true);
  assert.equal(await countOf('/area/page', ofOther), alone);
  assert.equal((await read('/api/profile/many-9999', ofManager)).status, 200);
  const page = await read(`/api/users/${manager.username}/accessibles`, ofManager);
  assert.equal(page.status, 200, page.text);
  assert.ok(page.text.length < MB, `the first page has ${page.text.length} bytes`);
});

test('a profile with 10,000 members is served in pages, and its members are unaffected', async () => {
  const manager = await makeReadyUser(app.db, { personal: true });
  const profile = await makeOrganization(app.db, { manager });
  const member = await makeReadyUser(app.db, { personal: true });
  await makeMember(app.db, profile, member, 'manager');
  const ofManager = `Bearer ${await tokenOf(app, manager)}`;
  const ofMember = `Bearer ${await tokenOf(app, member)}`;
  const path = `/api/profile/${profile.slug}`;
  await read(path, ofMember);
  const before_count = await countOf(path, ofMember);
  await app.database.executeSql(
    `with made as (
       insert into users (username, email, full_name, created_at)
       select 'crowd-' || n, 'crowd-' || n || '@example.com', 'Crowd ' || n, now() from generate_series(1, ${MANY}) as n
       returning id
     )
     insert into roles (user_id, profile_id, role_type_id, accepted_at, created_at)
     select made.id, ${profile.id}, t.id, now(), now() from made, role_types t where t.slug = 'manager' and t.profile_id is null`,
  );
  assert.equal(await countOf(path, ofMember), before_count);
  const page = await read(`${path}/roles`, ofManager);
  assert.equal(page.status, 200, page.text);
  assert.ok(page.text.length < MB, `the first page has ${page.text.length} bytes`);
  assert.match(page.text, /"count": ?10002/);
});

/** Returns the heap in use after a collection. */
function heapBytes(): number {
  trimHeap();
  return process.memoryUsage().heapUsed;
}

/** Reads the session of the backend that passes a signed token. */
function sessionOf(headers: IncomingHttpHeaders): Record<string, unknown> {
  const [, claims = ''] = String(headers.authorization).split('.');
  const session: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
  assert.ok(typeof session === 'object' && session !== null);
  return { ...session };
}
