import type { ApiExample } from '../../../src/platform/http/reference/api-examples.ts';
import { type DemoApp, startDemoApp } from '../../support/start-demo-app.ts';
import { stabilize } from './stabilize.ts';

type Username = 'donny' | 'alice' | 'xia' | 'kenneth' | 'joe';
type Value<T> = T | ((world: World) => T | Promise<T>);

/** One operation of the API with a request that a site with sample data accepts. */
export interface ExampleCall {
  /** Method and path as in the OpenAPI document. */
  operation: string;
  /** Caller; null for an anonymous one. The manager of the site when omitted. */
  as?: Username | null;
  path?: Record<string, Value<string>>;
  query?: Record<string, string>;
  body?: Value<unknown>;
  /** A body that is not JSON, with its media type. */
  raw?: { type: string; text: string };
  /** Calls that make the request possible; they are not recorded. */
  before?: (world: World) => Promise<void>;
  /** Keeps values of the response for later calls. */
  after?: (world: World, body: unknown) => void | Promise<void>;
}

export interface Reply {
  status: number;
  body: unknown;
}

/** State that the calls of a scenario share. */
export interface World {
  app: DemoApp;
  /** Values that a call kept for later ones. */
  kept: Map<string, string>;
  call(method: string, url: string, options?: { as?: Username | null; body?: unknown }): Promise<Reply>;
  /** Returns the text that the pattern captures in the newest message to the address. */
  fromMail(to: string, pattern: RegExp): Promise<string>;
}

export interface Recorded {
  examples: Record<string, ApiExample>;
  /** Calls that were refused: `operation: status body`. */
  failures: string[];
}

/** An ordinary day: the examples are the same each time they are recorded. */
const now = new Date('2026-03-10T15:00:00Z');

/**
 * Sends every call in order to a new site with sample data and records requests and responses. `observe` runs after
 * each call and may send it again.
 */
export async function recordExamples(
  calls: readonly ExampleCall[],
  observe: (operation: string, send: () => Promise<Reply>) => Promise<void> = async () => {},
): Promise<Recorded> {
  const app = await startDemoApp({ now });
  const examples: Record<string, ApiExample> = {};
  const failures: string[] = [];
  try {
    const world = makeWorld(app);
    for (const call of calls) {
      await call.before?.(world);
      const path = await resolveAll(world, call.path ?? {});
      const body = await resolve(world, call.body);
      const [method = '', template = ''] = call.operation.split(' ');
      const filled = template.replaceAll(/\{([^}]+)\}/g, (_whole, name: string) => encodePath(path[name] ?? name));
      const query = new URLSearchParams(call.query).toString();
      const sendOnce = () => send(world, method, query === '' ? filled : `${filled}?${query}`, call, body);
      const reply = await sendOnce();
      if (reply.status >= 400) failures.push(`${call.operation}: ${reply.status} ${JSON.stringify(reply.body)}`);
      await observe(call.operation, sendOnce);
      await call.after?.(world, reply.body);
      examples[call.operation] = stabilize({
        path,
        query: call.query ?? {},
        ...(body === undefined ? {} : { body }),
        response: { status: reply.status, ...(reply.body === null ? {} : { body: reply.body }) },
      });
    }
  } finally {
    await app.close();
  }
  return { examples, failures };
}

function makeWorld(app: DemoApp): World {
  const tokens = new Map<Username, string>();
  const tokenOf = async (username: Username): Promise<string> => {
    const token = tokens.get(username) ?? (await app.signIn(username));
    if (token === null) throw new Error(`the sample data has no user ${username}`);
    tokens.set(username, token);
    return token;
  };
  const world: World = {
    app,
    kept: new Map(),
    async call(method, url, { as = 'donny', body } = {}) {
      const response = await app.http.inject({
        method: method as 'GET', // one of the methods of the OpenAPI document
        url,
        headers: {
          accept: 'application/json',
          ...(as === null ? {} : { authorization: `Bearer ${await tokenOf(as)}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      // The session may have ended by an earlier call, for instance by a new password.
      if (response.statusCode === 401 && as !== null && tokens.delete(as)) {
        const again = await app.signIn(as);
        if (again !== null) tokens.set(as, again);
      }
      return { status: response.statusCode, body: parseBody(response.body) };
    },
    async fromMail(to, pattern) {
      await app.tollgate.worker.drain();
      for (const { subject, text } of app.tollgate.mailbox.list(to)) {
        const found = pattern.exec(`${subject}\n${text}`)?.[1];
        if (found !== undefined) return found;
      }
      throw new Error(`no message to ${to} matches ${String(pattern)}`);
    },
  };
  return world;
}

async function send(world: World, method: string, url: string, call: ExampleCall, body: unknown): Promise<Reply> {
  const as = call.as === undefined ? 'donny' : call.as;
  if (!call.raw) return world.call(method, url, { as, body });
  const token = as === null ? null : await world.app.signIn(as);
  const response = await world.app.http.inject({
    method: method as 'POST',
    url,
    headers: {
      accept: 'application/json',
      'content-type': call.raw.type,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    payload: call.raw.text,
  });
  return { status: response.statusCode, body: parseBody(response.body) };
}

async function resolve<T>(world: World, value: Value<T> | undefined): Promise<T | undefined> {
  return typeof value === 'function' ? (value as (world: World) => T | Promise<T>)(world) : value;
}

async function resolveAll(world: World, values: Record<string, Value<string>>): Promise<Record<string, string>> {
  const entries = Object.entries(values).map(async ([name, value]) => [name, await resolve(world, value)] as const);
  return Object.fromEntries((await Promise.all(entries)).map(([name, value]) => [name, value ?? '']));
}

function encodePath(text: string): string {
  return text.split('/').map(encodeURIComponent).join('/');
}

function parseBody(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
