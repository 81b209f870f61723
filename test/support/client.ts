import assert from 'node:assert/strict';
import type { InjectOptions } from 'fastify';
import type { TestApp } from './start-app.ts';

export interface TestResponse {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  /** The body as JSON; fails the test when it is not JSON. */
  json<T = Record<string, unknown>>(): T;
}

/** An API client: JSON and a bearer token. */
export function apiClient(app: TestApp, token: string | null = null) {
  return async (
    method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<TestResponse> => {
    const options: InjectOptions = {
      method,
      url,
      headers: {
        accept: 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body as NonNullable<InjectOptions['payload']> }), // inject writes plain data as JSON
    };
    const reply = await app.http.inject(options);
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text: reply.body,
      json: <T>() => JSON.parse(reply.body) as T, // the test names the expected type and asserts on it
    };
  };
}

/** Registers a user with a personal profile and signed terms; returns the token. */
export async function registerUser(app: TestApp, username: string, password = 'correct horse 7'): Promise<string> {
  const reply = await apiClient(app)('POST', '/api/auth/register', {
    username,
    email: `${username}@example.com`,
    full_name: `${username.slice(0, 1).toUpperCase()}${username.slice(1)} Tester`,
    new_password: password,
    type: 'personal',
    'terms-of-use': true,
  });
  assert.equal(reply.status, 201, reply.text);
  const { token } = reply.json<{ token: string }>();
  return token;
}

interface Cookie {
  name: string;
  value: string;
}

/** A browser without scripts: keeps cookies, requests HTML, repeats the CSRF token of the last page. */
export function browserClient(app: TestApp) {
  const jar = new Map<string, string>();
  let csrf = '';
  async function send(options: InjectOptions): Promise<TestResponse> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await app.http.inject({
      ...options,
      headers: { accept: 'text/html,application/xhtml+xml', ...(cookie === '' ? {} : { cookie }), ...options.headers },
    });
    for (const { name, value } of reply.cookies as Cookie[]) {
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    csrf = /name="_csrf" value="([^"]+)"/.exec(reply.body)?.[1] ?? csrf;
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text: reply.body,
      json: <T>() => JSON.parse(reply.body) as T,
    }; // as above
  }
  return {
    jar,
    /** Sends any request with the cookies of the browser. */
    send,
    get: (url: string) => send({ method: 'GET', url }),
    /** CSRF token of the last page. */
    csrf: () => csrf,
    post: (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
      send({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        payload: new URLSearchParams({ _csrf: csrf, ...fields }).toString(),
      }),
    /** Follows a redirect. */
    async follow(response: TestResponse): Promise<TestResponse> {
      const location = response.headers['location'];
      assert.equal(
        typeof location,
        'string',
        `expected a redirect, got ${response.status}: ${response.text.slice(0, 300)}`,
      );
      return send({ method: 'GET', url: String(location) });
    },
  };
}

/** Returns a browser in which the user is signed in by the form; fails the test if the sign-in is refused. */
export async function signInBrowser(app: TestApp, username: string, password = 'correct horse 7') {
  const browser = browserClient(app);
  await browser.get('/login/');
  const reply = await browser.post('/login/', { username, password });
  assert.equal(reply.status, 303, reply.text.slice(0, 500));
  return browser;
}
