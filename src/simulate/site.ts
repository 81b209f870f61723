import { insertUser, makeAccountsSettings, openSession, type User } from '#accounts';
import { Problem } from '#kernel/problem';
import { connectBank, type PaymentContext, withdrawFunds } from '#payments';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import {
  createOrganization,
  createPersonalProfile,
  findAgreement,
  findProfileBySlug,
  getBroker,
  makeManager,
  TERMS_OF_USE,
  upsertSignature,
} from '#profiles';
import type { Tollgate } from '../app.ts';
import type { Config } from '../config.ts';

/** Response of the API. */
export interface Reply {
  status: number;
  code: string | null;
  body: Record<string, unknown>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A simulated site: its API as its users call it. */
export interface SimulatedSite {
  /** Sends a request as a user; null for a visitor. */
  call(username: string | null, method: Method, url: string, body?: object): Promise<Reply>;
  /** True if the site has this operation. */
  has(method: string, url: string): boolean;
  addUser(username: string, manages?: 'broker' | 'club'): Promise<void>;
  /** Connects a provider to a bank account. No operation of the API does. */
  connectBank(provider: string): Promise<void>;
  /** Pays funds of a provider out. No operation of the API does. Units: `amount` in 1/100 usd. */
  payOut(provider: string, payout: { amount: number; key: string }): Promise<Reply>;
}

/** Renewed before the session of 14 days ends. */
const TOKEN_MS_MAX = 10 * 86_400_000;

export const BROKER = 'cowork';
export const CLUB = 'club';

/** Connects to the API of a site in this process. */
export function connectSite(tollgate: Tollgate, ctx: PaymentContext, config: Config, secret: string): SimulatedSite {
  const settings = makeAccountsSettings({ ...config, secret_key: secret, throttle: ctx.throttle });
  const users = new Map<string, User>();
  const tokens = new Map<string, { token: string; at: number }>();

  async function tokenOf(username: string): Promise<string> {
    const now = ctx.clock.now();
    const known = tokens.get(username);
    if (known && now.getTime() - known.at < TOKEN_MS_MAX) return known.token;
    const user = users.get(username);
    if (!user) throw new Error(`the simulation has no user ${username}`);
    const { token } = await inTransaction(ctx.db, (tx) =>
      openSession(tx, settings, { user, kind: 'token', peer: null }, now),
    );
    tokens.set(username, { token, at: now.getTime() });
    return token;
  }

  return {
    async call(username, method, url, body) {
      const token = username === null ? null : await tokenOf(username);
      return callSite(tollgate, { method, url, token, body });
    },
    has: (method, url) => tollgate.http.routeList.some((route) => route.method === method && route.url === url),
    async addUser(username, manages) {
      const at = ctx.clock.now();
      const user = await inTransaction(ctx.db, async (tx) => {
        const email = `${username}@example.com`;
        const made = await insertUser(
          tx,
          { username, full_name: `User ${username}`, email, email_verified_at: at, password_hash: 'none' },
          at,
        );
        const terms = await findAgreement(tx, TERMS_OF_USE);
        if (terms) await upsertSignature(tx, { agreement: terms, user_id: made.id, ip: null, user_agent: null }, at);
        if (manages === undefined) await createPersonalProfile(tx, made, at);
        if (manages === 'broker') await makeManager(tx, await getBroker(tx, ctx.site), made, at);
        if (manages === 'club') {
          const fields = { full_name: 'The Club', is_provider: true, default_timezone: 'Europe/Paris' };
          await createOrganization(tx, { slug: CLUB, manager: made, fields }, at);
        }
        return made;
      });
      users.set(username, user);
    },
    ...connectFunds(ctx),
  };
}

/** Sends a request to a site in this process; without a token as a visitor. */
export async function callSite(
  tollgate: Tollgate,
  {
    method,
    url,
    token = null,
    body,
  }: { method: Method; url: string; token?: string | null; body?: object | undefined },
): Promise<Reply> {
  const reply = await tollgate.http.inject({
    method,
    url,
    headers: { accept: 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    ...(body === undefined ? {} : { payload: body }),
  });
  const parsed: unknown = reply.body.startsWith('{') ? JSON.parse(reply.body) : {};
  const fields = typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  const code: unknown = Reflect.get(fields, 'code');
  return { status: reply.statusCode, code: typeof code === 'string' ? code : null, body: fields };
}

/** Connects to the verbs of funds: pages call them, and no operation of the API does. */
function connectFunds(ctx: PaymentContext): Pick<SimulatedSite, 'connectBank' | 'payOut'> {
  return {
    async connectBank(provider) {
      await connectBank(ctx, await idOf(ctx, provider));
    },
    async payOut(provider, { amount, key }) {
      const id = await idOf(ctx, provider);
      try {
        await withdrawFunds(ctx, id, { amount, unit: 'usd', key });
        return { status: 200, code: null, body: {} };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        return { status: error.status, code: error.code, body: {} };
      }
    },
  };
}

async function idOf(ctx: PaymentContext, slug: string): Promise<ProfileId> {
  const profile = await findProfileBySlug(ctx.db, slug);
  if (!profile) throw new Error(`the simulation has no profile ${slug}`);
  return profile.id;
}
