import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { readAllRows } from '../support/all-rows.ts';
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
  enum?: string[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
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
  await makePlan(ctx, { slug: 'basic', title: 'Basic', use_charges: [{ slug: 'requests', use_amount: 15 }] });
  await makePlan(ctx, { slug: 'held', title: 'Held', pause_days_max: 30 });
  await bob('POST', '/api/cart', { plan: 'basic' });
  await bob('POST', '/api/cart', { plan: 'held' });
  await bob('GET', '/api/billing/bob/checkout');
  const paid = await bob('POST', '/api/billing/bob/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  const paused = await bob('POST', '/api/profile/bob/subscriptions/held/pause', { at: 'now' });
  assert.ok(paused.status < 300, paused.text);
  charge = paid.json<{ processor_key: string }>().processor_key;
});
after(() => app.close());
let charge = '';

const not_numbers = [-1, 1.5, '10', 2 ** 53, 1e300, true, [], {}];
/** Values of the type of a field that its name does not take: units, amounts as text, instants. */
const wrong_names: readonly [RegExp, readonly unknown[]][] = [
  [/^unit$/, ['', 'zz', 'zzz', 'usdd', 'us$', 'usd,eur', 'usd ', 'xxx']],
  [
    /^amount$/,
    [
      '-1',
      '+1',
      '1e3',
      '0x10',
      '1.005',
      '1,000.00',
      '9007199254740993',
      '1e400',
      'NaN',
      'Infinity',
      '٣',
      '10 usd',
      '$10',
    ],
  ],
  [/_at$/, ['', 'soon', '2026-02-30', '2026-13-01T00:00:00Z', '+275760-09-14T00:00:00Z', '1e9', 'null']],
];
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
function wrongTypes(schema: Schema): unknown[] {
  const types = typesOf(schema).filter((type) => type !== 'null');
  const [first, ...others] = types;
  if (first === undefined) return [];
  const refused = wrong[first] ?? [];
  return others.length === 0
    ? [...refused]
    : refused.filter((value) => others.every((type) => (wrong[type] ?? []).some((each) => sameJson(each, value))));
}

/** Values of the type of a field just outside its bounds, beyond every count, or outside its enumeration. */
function outsideBounds(schema: Schema): unknown[] {
  if (schema.enum) return ['', 'unknown', `${schema.enum[0]} `, 1, true, [], {}];
  const bounded = schema.anyOf?.find((each) => each.maximum !== undefined || each.maxLength !== undefined) ?? schema;
  const { minimum, maximum, maxLength: length_max } = bounded;
  return [
    ...(maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? [] : [maximum + 1]),
    ...(maximum !== undefined && maximum < 1e9 ? [1e9] : []),
    ...(minimum === undefined || minimum < 1 ? [] : [0]),
    ...(length_max === undefined ? [] : ['x'.repeat(length_max + 1)]),
  ];
}

const sameJson = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);

/** Returns the bad values of a field: outside its type, its bounds, and what fields of this name take. */
function wrongFor(name: string, schema: Schema): unknown[] {
  const of_name = typesOf(schema).includes('string')
    ? wrong_names.flatMap(([pattern, values]) => (pattern.test(name) ? values : []))
    : [];
  return [...wrongTypes(schema), ...outsideBounds(schema), ...of_name];
}

/** Returns the bad values of a field, and objects or lists with a bad value of one of their fields. */
function valuesFor(name: string, schema: Schema): unknown[] {
  const inside = (properties: Record<string, Schema> = {}) =>
    Object.entries(properties).flatMap(([field, each]) => wrongFor(field, each).map((value) => ({ [field]: value })));
  return [
    ...wrongFor(name, schema),
    ...inside(schema.properties),
    ...inside(schema.items?.properties).map((item) => [item]),
  ];
}

/** Bodies of an operation: one object, or the objects of an alternative. */
function fieldsOf(schema: Schema): [string, Schema][] {
  if (schema.properties) return Object.entries(schema.properties);
  return (schema.anyOf ?? []).flatMap((each) => (each.properties ? Object.entries(each.properties) : []));
}

/** Fields that an operation reads before those whose value its schema cannot judge. */
const other_fields: readonly [string, Record<string, unknown>][] = [
  ['POST /api/profile/{profile}/plans', { title: 'New' }],
  ['POST /api/billing/{profile}/coupons', { code: 'NEW', discount_type: 'percentage', discount_value: 1000 }],
  ['POST /api/billing/{profile}/balance', { plan: 'basic', use: 'requests', quantity: 1 }],
  [
    'POST /api/billing/{profile}/transfers/import',
    { subscription: 'bob:basic', created_at: '2026-01-01', amount: '10.00' },
  ],
  ['POST /api/billing/{profile}/credits', { amount: 100, unit: 'usd', descr: 'Sorry' }],
];

function addressOf(verb: string, path: string): string {
  const ofSubscriber = /subscriptions\/\{subscribed_plan\}|\/(checkout|card|balance|credits|dunning|charges)/.test(
    path,
  );
  const values: Record<string, string> = {
    profile: ofSubscriber ? 'bob' : 'cowork',
    plan: 'basic',
    subscribed_plan: verb !== 'POST' && path.endsWith('/pause') ? 'held' : 'basic',
    subscriber: 'bob',
    charge,
    number: '1',
    cartitem_id: '1',
    coupon: 'NONE',
    claim_code: 'a'.repeat(40),
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'none');
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
  const before_all = await readAllRows(app.database);
  const failures: string[] = [];
  let refused_count = 0;
  for (const { verb, path, fields } of operations)
    for (const [field, schema] of fields)
      for (const value of valuesFor(field, schema)) {
        const others = other_fields.find(([operation]) => operation === `${verb} ${path}`)?.[1];
        const reply = await call(verb, addressOf(verb, path), { ...others, [field]: value });
        const body = JSON.parse(reply.text === '' ? '{}' : reply.text) as Record<string, unknown>;
        const { errors = {}, ...rest } = body as { errors?: object };
        if (reply.status === 400 && field in { ...rest, ...errors }) refused_count += 1;
        else
          failures.push(
            `${verb} ${path} ${JSON.stringify({ [field]: value })}: ${reply.status} ${reply.text.slice(0, 160)}`,
          );
      }
  assert.deepEqual(failures, []);
  assert.ok(refused_count > 1500, `${refused_count} bodies`);
  assert.deepEqual(await readAllRows(app.database), before_all);
});
