import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findUserByUsername } from '#accounts';
import { inTransaction, openDatabase } from '#platform/db/database';
import { findSite } from '#platform/site';
import { makeManager } from '#profiles';
import { type Child, startChild } from './child.ts';

export interface BenchSite {
  origin: string;
  child: Child;
  /** Makes a user with a personal profile of the same slug; returns a token. */
  register(username: string, password?: string): Promise<string>;
  /** Makes a user that manages the site; returns a token. Only with a database on a server. */
  registerManager(username: string): Promise<string>;
  call(method: string, path: string, token: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export interface BenchSiteOptions {
  /** Level `info` writes the access log to a file, as a deployment does; `error` when omitted. */
  log_level?: 'info' | 'error';
  node?: readonly string[];
  core?: number;
  environment?: Record<string, string>;
  /** Options of the command. */
  args?: readonly string[];
}

/** One key for every start on one database. */
const SECRET_KEY = randomBytes(48).toString('base64url');

/** Starts the program as it is deployed, with its worker. */
export async function startBenchSite(database_url: string, options: BenchSiteOptions = {}): Promise<BenchSite> {
  const { log_level = 'error', node, core, environment, args = [] } = options;
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-bench-'));
  const child = await startChild(['src/main.ts', 'serve', ...args], {
    environment: {
      DATABASE_URL: database_url,
      DATA_FOLDER: folder,
      SECRET_KEY,
      LOG_LEVEL: log_level,
      THROTTLE_FACTOR: '100000',
      REQUESTS_PER_MINUTE_MAX: '10000000',
      TERMS_REQUIRED: 'false',
      PRIVATE_ADDRESSES_ALLOWED: 'true',
      SITE_EMAIL: 'bench@example.com',
      ALLOW_TEST_PROCESSOR: '1',
      ALLOW_INSECURE_COOKIES: '1',
      ALLOW_RAISED_LIMITS: '1',
      ...environment,
    },
    probe: '/readyz',
    log_file: join(folder, 'log'),
    ...(node && { node }),
    ...(core !== undefined && { core }),
  });

  async function call(method: string, path: string, token: string | null, body?: unknown): Promise<unknown> {
    const response = await fetch(`${child.origin}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return text === '' ? null : JSON.parse(text);
  }

  async function register(username: string, password = randomBytes(12).toString('base64url')): Promise<string> {
    const email = `${username}@example.com`;
    const response = await call('POST', '/api/auth/register', null, {
      username,
      email,
      full_name: `Bench ${username}`,
      new_password: password,
      type: 'personal',
    });
    if (typeof response !== 'object' || response === null || !('token' in response))
      throw new Error('the response has no token');
    return String(response.token);
  }

  return {
    origin: child.origin,
    child,
    register,
    async registerManager(username) {
      const token = await register(username);
      const database = await openDatabase({ url: database_url });
      try {
        const site = await findSite(database.db);
        const user = await findUserByUsername(database.db, username);
        if (!site || !user) throw new Error('the site was not set up');
        await inTransaction(database.db, (tx) => makeManager(tx, { id: site.broker_id }, user, user.created_at));
      } finally {
        await database.close();
      }
      return token;
    },
    call,
    async stop() {
      await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
