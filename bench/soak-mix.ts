import type { Client, Dispatcher } from 'undici';
import { throughGateway } from './gateway.ts';
import { cookieOf } from './people.ts';
import { type Buyer, PEOPLE_COUNT, PLAN } from './seed.ts';

/** Account of one client, which buys, signs in and signs out. */
export interface SoakClient extends Buyer {
  password: string;
}

/** Sends requests of one kind; returns how many. The number of the turn selects the person. */
type Kind = (client: Client, user: SoakClient, turn: number) => Promise<number>;

/** Turns of each kind in 1,000. */
export const mix: readonly (readonly [name: string, share: number, kind: Kind])[] = [
  ['GET of one object', 390, (client, _user, turn) => expect(client, 200, asPerson(turn, profileOf(turn)))],
  ['request to the gateway', 300, (client, _user, turn) => expect(client, 200, asPerson(turn, '/bench/page'))],
  ['list', 100, (client, _user, turn) => expect(client, 200, asPerson(turn, listOf(turn)))],
  ['page', 60, (client, _user, turn) => expect(client, 200, asPerson(turn, pageOf(turn), 'text/html'))],
  ['invalid token, API', 60, (client, _user, turn) => expect(client, 401, withInvalidToken(turn, profileOf(turn)))],
  ['invalid token, gateway', 30, (client, _user, turn) => expect(client, 401, withInvalidToken(turn, '/bench/page'))],
  [
    'GET of the cart',
    40,
    (client, user) => expect(client, 200, asUser(user, 'GET', `/api/billing/${user.username}/checkout`)),
  ],
  ['cart and checkout', 18, buy],
  ['sign-in, gateway, sign-out', 2, signInAndOut],
];

/** Returns the kinds in an order that repeats after 1,000 turns and mixes them evenly. */
export function listTurns(): Kind[] {
  const turns = mix.flatMap(([, share, kind]) =>
    Array.from({ length: share }, (_, index) => ({ kind, at: (index + 0.5) / share })),
  );
  return turns.sort((a, b) => a.at - b.at).map(({ kind }) => kind);
}

async function buy(client: Client, user: SoakClient): Promise<number> {
  const item = JSON.stringify({ plan: PLAN, option: 1 });
  await expect(client, 201, asUser(user, 'POST', '/api/cart', item));
  const payment = JSON.stringify({ remember_card: false, processor_token: 'tok_bench' });
  await expect(client, 201, asUser(user, 'POST', `/api/billing/${user.username}/checkout`, payment));
  return 2;
}

async function signInAndOut(client: Client, user: SoakClient): Promise<number> {
  const { username, password } = user;
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ username, password });
  const { body: reply, statusCode } = await client.request({ method: 'POST', path: '/api/auth', headers, body });
  const text = await reply.text();
  const signed_in: unknown = JSON.parse(text);
  if (statusCode !== 201 || typeof signed_in !== 'object' || signed_in === null || !('token' in signed_in)) {
    note(`POST /api/auth: ${statusCode} ${text.slice(0, 200)}`);
    return 1;
  }
  const token = String(signed_in.token);
  await expect(client, 200, { method: 'GET', ...throughGateway(token) });
  const authorization = `Bearer ${token}`;
  await expect(client, 200, { method: 'POST', path: '/api/auth/logout', headers: { authorization } });
  // The token is refused immediately after the sign-out.
  await expect(client, 401, { method: 'GET', ...throughGateway(token) });
  return 4;
}

function asPerson(turn: number, path: string, accept = 'application/json'): Dispatcher.RequestOptions {
  return { method: 'GET', path, headers: { cookie: cookieOf(turn % PEOPLE_COUNT), accept } };
}

function asUser(
  { token }: SoakClient,
  method: 'GET' | 'POST',
  path: string,
  body: string | null = null,
): Dispatcher.RequestOptions {
  const authorization = `Bearer ${token}`;
  return {
    method,
    path,
    body,
    headers: { authorization, ...(body !== null && { 'content-type': 'application/json' }) },
  };
}

/** A token of the right shape that was never issued, different in each turn. */
function withInvalidToken(turn: number, path: string): Dispatcher.RequestOptions {
  const claims = Buffer.from(JSON.stringify({ sub: String(turn), jti: `forged-${turn}` })).toString('base64url');
  const authorization = `Bearer eyJhbGciOiJIUzI1NiJ9.${claims}.${'x'.repeat(43)}`;
  return { method: 'GET', path, headers: { authorization, accept: 'application/json' } };
}

function profileOf(turn: number): string {
  return `/api/profile/person-${turn % PEOPLE_COUNT}`;
}

function listOf(turn: number): string {
  const person = `person-${turn % PEOPLE_COUNT}`;
  const lists = [
    '/api/pricing',
    `/api/billing/${person}/history`,
    `/api/profile/${person}/roles`,
    `/api/profile/${person}/subscriptions`,
    `/api/users/${person}/accessibles`,
  ];
  return lists[turn % lists.length] ?? '/api/pricing';
}

function pageOf(turn: number): string {
  const pages = ['/pricing/', `/billing/person-${turn % PEOPLE_COUNT}/history/`, '/docs/api/'];
  return pages[turn % pages.length] ?? '/pricing/';
}

/** Requests with another response than the expected one, by request and response. */
export const unexpected = new Map<string, number>();

async function expect(client: Client, status: number, request: Dispatcher.RequestOptions): Promise<1> {
  const { statusCode, body } = await client.request(request);
  const text = await body.text();
  if (statusCode !== status)
    note(`${request.method} ${request.path.replace(/\d+/, 'n')}: ${statusCode} ${text.slice(0, 200)}`);
  return 1;
}

function note(text: string): void {
  unexpected.set(text, (unexpected.get(text) ?? 0) + 1);
}
