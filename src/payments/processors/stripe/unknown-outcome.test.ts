import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import type { ProfileId } from '#platform/db/db-schema';
import { makeCallTimes } from '../call-times.ts';
import { chargeCard } from './charge-card.ts';
import { withoutBody } from './declined-by.ts';
import { makeCallRecord } from './keys/call-record.ts';
import { makeStripeClient } from './stripe-client.ts';
import type { StripeNeeds } from './stripe-needs.ts';

type Respond = (response: ServerResponse) => void;

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Respond =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const refusal = (status: number, error: object, headers = {}) => json(status, { error }, headers);
const secret_intent = {
  id: 'pi_1',
  object: 'payment_intent',
  client_secret: 'pi_1_secret_Zz9',
  receipt_email: 'a@b.test',
};

/** Responses after which nothing is known, with the number of requests that the package then makes. */
const unknown: Readonly<Record<string, [requests: number, respond: Respond]>> = {
  'a 500': [2, refusal(500, { type: 'api_error', message: 'down' })],
  'a 500 without an error': [2, json(500, { oops: 1 })],
  'a 200 without an object': [1, json(200, { oops: 1 })],
  'another object': [1, json(200, { id: 'ch_1', object: 'charge' })],
  'an error page': [2, (response) => void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad</h1>')],
  'a page': [1, (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>')],
  'a redirect': [1, (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  'a cut before the headers': [2, (response) => void response.destroy()],
  'a cut in the body': [1, (response) => void response.writeHead(200).write('{"id":', () => response.destroy())],
  'too many requests': [1, refusal(429, { type: 'invalid_request_error', code: 'rate_limit', message: 'slow' })],
  'a key in use': [2, refusal(409, { type: 'idempotency_error', code: 'idempotency_key_in_use', message: 'wait' })],
  'a reused key': [1, refusal(400, { type: 'idempotency_error', message: 'other parameters' })],
  'a revoked key': [1, refusal(401, { type: 'invalid_request_error', message: 'bad key' })],
  'a missing permission': [1, refusal(403, { type: 'invalid_request_error', message: 'no permission' })],
  'an unexpected state': [
    1,
    refusal(400, {
      type: 'invalid_request_error',
      code: 'payment_intent_unexpected_state',
      payment_intent: secret_intent,
    }),
  ],
  'a status of next year': [1, json(200, { ...secret_intent, status: 'waiting', last_payment_error: null })],
};

/** Responses by which Stripe refuses, with the code of the decline. */
const declined: Readonly<Record<string, [code: string, respond: Respond]>> = {
  'a declined card': [
    'insufficient_funds',
    refusal(402, { type: 'card_error', code: 'card_declined', decline_code: 'insufficient_funds' }),
  ],
  'a 402 that is not about the card': [
    'amount_too_small',
    refusal(402, { type: 'invalid_request_error', code: 'amount_too_small' }),
  ],
  'a used token': ['token_unusable', refusal(400, { type: 'invalid_request_error', code: 'token_already_used' })],
  'a missing method': ['token_unusable', refusal(404, { type: 'invalid_request_error', code: 'resource_missing' })],
};

let server: Server;
let needs: StripeNeeds;
/** Idempotency keys of the requests of each case. */
const keys = new Map<string, string[]>();

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const title = new URLSearchParams(await text(request)).get('description') ?? '';
  keys.set(title, [...(keys.get(title) ?? []), String(request.headers['idempotency-key'])]);
  const [, respond] = unknown[title] ?? declined[title] ?? [];
  respond?.(response);
}

before(async () => {
  server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const settings = {
    secret_key: 'sk_test_x',
    publishable_key: 'pk_test_x',
    api_url: `http://127.0.0.1:${port}`,
    js_url: null,
  };
  // A card on file is charged without a look at the database.
  needs = {
    client: makeStripeClient(settings, '1.0.0', {
      pacer: null,
      record: makeCallRecord(pino({ level: 'silent' }), makeCallTimes()),
    }),
    settings,
    log: pino({ level: 'silent' }),
    installation: () => Promise.resolve('0'.repeat(32)),
    onUnknown: () => undefined,
  } as unknown as StripeNeeds;
});
after(() => server.close());

const charge = (title: string, customer_key = 'cus_1', method_key = 'pm_1') =>
  chargeCard(needs, {
    key: `key of ${title}`,
    account: '',
    broker_fee_amount: 0,
    amount: 2000,
    unit: 'usd',
    description: title,
    source: { saved: { account: '', customer_key, method_key } },
    payer: { profile_id: 1 as ProfileId, browser: null, return_url: 'http://cowork.test/' }, // no row has it
    off_session: true,
    order_id: null,
    provider_id: null,
  });

test('a response that proves nothing is an unknown outcome, and its retries have the same key', async () => {
  await Promise.all(
    Object.entries(unknown).map(async ([title, [requests]]) => {
      await assert.rejects(charge(title), (error: unknown) => {
        const clean = withoutBody(error);
        assert(clean instanceof Error);
        assert(!/_secret_|a@b/.test(`${JSON.stringify(clean)} ${clean.stack}`), title);
        return true;
      });
      const sent = keys.get(title) ?? [];
      assert.deepEqual(sent, Array<string>(requests).fill(`key of ${title}`), title);
    }),
  );
});

test('a response by which Stripe refuses the request is a decline', async () => {
  for (const [title, [code]] of Object.entries(declined)) {
    const outcome = await charge(title);
    assert(outcome.outcome === 'declined', title);
    assert.equal(outcome.code, code, title);
  }
});

test('no request leaves with an id of another kind', async () => {
  const title = 'an id of another kind';
  for (const [customer, method] of [
    ['', 'pm_1'],
    ['../account', 'pm_1'],
    ['cus_1', ''],
    ['cus_1', 'cus_1'],
  ] as const) {
    await assert.rejects(async () => charge(title, customer, method), /not an id of a Stripe/);
  }
  assert.equal(keys.get(title), undefined);
});
