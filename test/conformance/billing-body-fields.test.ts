import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../support/client.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { registerBrokerManager } from '../support/register-managers.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

// Every field of every body of the money operations refuses what its type does not take, names itself, and writes
// nothing. The operations and fields are those of the published description: a new one is checked as soon as it is
// there.

interface Schema {
  type?: string;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  items?: Schema;
}
interface Operation {
  requestBody?: { content: Record<string, { schema: Schema }> };
}

const url = new URL('../../docs/reference/openapi.json', import.meta.url);
const { paths } = JSON.parse(readFileSync(url, 'utf8')) as { paths: Record<string, Record<string, Operation>> };
const of_money =
  /^\/api\/(cart|pricing|billing|profile\/\{profile\}\/(plans|coupons|subscriptions|subscribers|subscribed))/;

let app: TestApp;
let call: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp();
  const ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  call = await registerBrokerManager(app, 'operator');
  const bob = apiClient(app, await registerUser(app, 'bob'));
  await makePlan(ctx, { slug: 'basic', title: 'Basic' });
  await bob('POST', '/api/cart', { plan: 'basic' });
  await bob('GET', '/api/billing/bob/checkout');
  const paid = await bob('POST', '/api/billing/bob/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  charge = paid.json<{ processor_key: string }>().processor_key;
});
after(() => app.close());
let charge = '';

const not_numbers = [-1, 1.5, '10', 2 ** 53, 1e300, true, [], {}];
const not_texts = [[], {}, [1], { a: 1 }];
const wrong: Readonly<Record<string, readonly unknown[]>> = {
  integer: not_numbers,
  string: not_texts,
  boolean: ['maybe', 2, [], {}],
  array: ['x', 1, true, {}, [1], ['x']],
  object: ['x', 1, true, []],
};

/** Types that a field takes; `extra` and enumerations have none. */
function typesOf(schema: Schema): string[] {
  if (schema.anyOf) return schema.anyOf.flatMap(typesOf);
  return schema.type === undefined ? [] : [schema.type];
}

/** Values that none of the types of a field takes. */
function wrongFor(schema: Schema): unknown[] {
  const types = typesOf(schema).filter((type) => type !== 'null');
  const [first, ...others] = types;
  if (first === undefined) return [];
  const refused = wrong[first] ?? [];
  return others.length === 0
    ? [...refused]
    : refused.filter((value) => others.every((type) => (wrong[type] ?? []).some((each) => sameJson(each, value))));
}

const sameJson = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);

/** Returns the bad values of a field, and a list of one object for each bad value of a field of its items. */
function valuesFor(schema: Schema): unknown[] {
  const inside = Object.entries(schema.items?.properties ?? {}).flatMap(([name, each]) =>
    wrongFor(each).map((value) => [{ [name]: value }]),
  );
  return [...wrongFor(schema), ...inside];
}

/** Bodies of an operation: one object, or the objects of an alternative. */
function fieldsOf(schema: Schema): [string, Schema][] {
  if (schema.properties) return Object.entries(schema.properties);
  return (schema.anyOf ?? []).flatMap((each) => (each.properties ? Object.entries(each.properties) : []));
}

function addressOf(path: string): string {
  const ofSubscriber = /subscriptions\/\{subscribed_plan\}|\/(checkout|card|balance|credits|dunning|charges)/.test(
    path,
  );
  const values: Record<string, string> = {
    profile: ofSubscriber ? 'bob' : 'cowork',
    plan: 'basic',
    subscribed_plan: 'basic',
    subscriber: 'bob',
    charge,
    number: '1',
    cartitem_id: '1',
    coupon: 'NONE',
    claim_code: 'a'.repeat(40),
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'none');
}

async function snapshot(): Promise<string> {
  const tables = ['cart_items', 'orders', 'plans', 'coupons', 'subscriptions', 'ledger_entries', 'charges', 'credits'];
  const counts = [];
  for (const table of tables)
    counts.push((await app.database.executeSql(`select count(*)::int as n from ${table}`)).rows[0]);
  return JSON.stringify(counts);
}

const operations = Object.entries(paths).flatMap(([path, methods]) =>
  of_money.test(path)
    ? Object.entries(methods).flatMap(([method, { requestBody }]) => {
        const schema = requestBody?.content['application/json']?.schema;
        const fields = schema ? fieldsOf(schema) : [];
        const twins = method === 'put' ? (['PUT', 'PATCH'] as const) : [method.toUpperCase() as 'POST'];
        return twins.map((verb) => ({ verb, path, fields }));
      })
    : [],
);

test('the description has the bodies that this test is about', () => {
  const count = operations.reduce((sum, { fields }) => sum + fields.length, 0);
  assert.ok(operations.length >= 30 && count >= 120, `${operations.length} operations, ${count} fields`);
});

test('each field of each body refuses what its type does not take, by its name, and nothing is written', async () => {
  const before_all = await snapshot();
  const failures: string[] = [];
  let refused_count = 0;
  for (const { verb, path, fields } of operations)
    for (const [field, schema] of fields)
      for (const value of valuesFor(schema)) {
        const reply = await call(verb, addressOf(path), { [field]: value });
        const body = JSON.parse(reply.text === '' ? '{}' : reply.text) as Record<string, unknown>;
        const { errors = {}, ...rest } = body as { errors?: object };
        if (reply.status === 400 && field in { ...rest, ...errors }) refused_count += 1;
        else
          failures.push(
            `${verb} ${path} ${JSON.stringify({ [field]: value })}: ${reply.status} ${reply.text.slice(0, 160)}`,
          );
      }
  assert.deepEqual(failures, []);
  assert.ok(refused_count > 800, `${refused_count} bodies`);
  assert.equal(await snapshot(), before_all);
});
