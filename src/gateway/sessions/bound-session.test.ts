import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { truncateSession, noConcern, type SessionConcern } from './bound-session.ts';
import type { SessionProfile } from '../callers/session-profile.ts';
import type { UpstreamSession } from './session.ts';
import { carriedBytes, carrySession, type SessionBackend } from './session-token.ts';

const at = new Date('2026-03-10T15:00:00Z');
const key = 'a key of more than thirty-two characters';
const bytes_max = 8192;

function profile(slug: string, more: Partial<SessionProfile> = {}): SessionProfile {
  return {
    slug,
    printable_name: `The name of ${slug}`,
    picture: null,
    type: 'organization',
    credentials: false,
    created_at: '2026-01-01T00:00:00.000Z',
    email: `${slug}@example.com`,
    subscriptions: [],
    ...more,
  };
}

function sessionOf(profiles: readonly SessionProfile[], others: readonly SessionProfile[] = []): UpstreamSession {
  return {
    username: 'xia',
    roles: { manager: profiles, ...(others.length > 0 ? { contributor: others } : {}) },
    site: { slug: 'cowork', printable_name: 'Coworking Space', email: 'support@cowork.example.com' },
    last_visited: null,
  };
}

function bound(session: UpstreamSession, concern: SessionConcern = noConcern, backend: SessionBackend = 2) {
  const carried = (json_bytes: number) => carriedBytes(backend, json_bytes);
  return truncateSession(session, { concern, carriedBytes: carried, bytes_max, profiles_url: 'https://site.test/all' });
}

/** Returns the bytes of the header line. */
async function lineOf(backend: SessionBackend, session: UpstreamSession): Promise<number> {
  const carrier = await carrySession(backend, session, key, at);
  if (carrier === null) return 0;
  return Buffer.byteLength(`${carrier.name === 'cookie' ? 'Cookie' : 'Authorization'}: ${carrier.value}\r\n`);
}

const many = (count: number, more: Partial<SessionProfile> = {}) =>
  Array.from({ length: count }, (_, index) => profile(`client-${index}`, more));
const long = { printable_name: '\u{1F600}'.repeat(300), picture: `https://cdn.example.com/${'p'.repeat(2000)}` };

for (const backend of [1, 2] as const) {
  for (const [what, profiles] of [
    ['one profile', many(1)],
    ['60 profiles', many(60)],
    ['1000 profiles', many(1000)],
    ['60 profiles with long names', many(60, long)],
    ['no profile', []],
  ] as const) {
    test(`the header of backend ${backend} with ${what} has at most 8 KB, as calculated`, async () => {
      const session = sessionOf(profiles);
      const sent = bound(session, noConcern, backend);
      const bytes = await lineOf(backend, sent);
      assert.ok(bytes <= bytes_max, `${bytes} bytes`);
      assert.equal(bytes, carriedBytes(backend, Buffer.byteLength(JSON.stringify(sent))));
      assert.equal(sent.truncated, profiles.length > 1 ? true : undefined);
      if (profiles.length <= 1) assert.equal(sent, session);
      else assert.ok(bytes > bytes_max - 2000, `${bytes} bytes: no more was left out than necessary`);
    });
  }
}

test('a session of backend 0, which sends none, is not truncated', () => {
  const session = sessionOf(many(1000));
  assert.equal(bound(session, noConcern, 0), session);
});

const slugs = (session: UpstreamSession) =>
  Object.values(session.roles)
    .flat()
    .map(({ slug }) => slug);

test('the profiles that the request concerns are first, then those of its plan, of the site and of the caller', () => {
  const [mine, site] = [profile('xia', { type: 'personal' }), profile('cowork')];
  const paying = profile('payer', { subscriptions: [{ plan: 'premium', ends_at: at.toISOString() }] });
  const session = sessionOf([...many(500), paying, mine, site]);
  const sent = bound(session, { profiles: ['client-499', 'client-7'], plans: ['premium'] });
  assert.deepEqual(slugs(sent).slice(0, 6), ['client-499', 'client-7', 'payer', 'cowork', 'xia', 'client-0']);
});

test('a profile that the request concerns is present in every role, regardless of its size', () => {
  const subscriptions = Array.from({ length: 2000 }, (_, index) => ({
    plan: `plan-${index}`,
    ends_at: at.toISOString(),
  }));
  const large = profile('acme', { ...long, subscriptions });
  const sent = bound(sessionOf([...many(100), large], [...many(100), large]), {
    profiles: ['acme'],
    plans: ['plan-1234'],
  });
  assert.equal(sent.roles['manager']?.[0]?.slug, 'acme');
  assert.equal(sent.roles['contributor']?.[0]?.slug, 'acme');
  assert.deepEqual(sent.roles['manager']?.[0]?.subscriptions, [subscriptions[1234]]);
  assert.equal(sent.profiles_url, 'https://site.test/all');
});

test('no header exceeds the limit, and a session that fits is unchanged', async () => {
  const anyProfile = fc
    .record({ slug: fc.stringMatching(/^[a-z]{1,40}$/), printable_name: fc.string({ maxLength: 300, unit: 'binary' }) })
    .map(({ slug, printable_name }) => profile(slug, { printable_name }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyProfile, { maxLength: 80 }),
      fc.array(anyProfile, { maxLength: 20 }),
      fc.constantFrom<SessionBackend>(1, 2),
      async (profiles, others, backend) => {
        const session = sessionOf(profiles, others);
        const sent = bound(session, { profiles: ['a'], plans: [] }, backend);
        assert.ok((await lineOf(backend, sent)) <= bytes_max);
        assert.equal(sent === session, (await lineOf(backend, session)) <= bytes_max);
      },
    ),
    { numRuns: 100 },
  );
});
