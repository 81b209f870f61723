/**
 * Support of the races: concurrent requests to two nodes with their own connections. On a PGlite, one node takes all
 * requests through one connection.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { sql } from 'kysely';
import type { TestResponse } from '../support/client.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { skipWithoutServer, startTwoNodes } from '../support/two-nodes.ts';
import { checkInvariants } from './checks.ts';
import { add } from './commands/buy.ts';
import type { Model, Plan } from './model/model.ts';
import { makeSite, type Site } from './site.ts';

const ROUNDS = 2;
export const none = { charges: [], adjustments: [], links: [] };

export let nodes: readonly [TestApp, TestApp];

/** Starts the nodes before the tests of the calling file, and closes them after its last test. */
export function useNodes(): void {
  let close: () => Promise<void>;
  before(async () => {
    if (skipWithoutServer === false) ({ nodes, close } = await startTwoNodes({}));
    else {
      const app = await startApp();
      nodes = [app, app];
      close = () => app.close();
    }
  });
  after(() => close());
}

const nodeOf = (index: number) => nodes[index % 2] ?? nodes[0];

/** Sends the same kind of request `count` times concurrently, to the nodes in turn. */
export const race = (count: number, send: (node: TestApp, index: number) => Promise<TestResponse>) =>
  Promise.all(Array.from({ length: count }, (_, index) => send(nodeOf(index), index)));

/** Counts responses by status and code. */
function tally(replies: readonly TestResponse[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, text } of replies) {
    const code = text.startsWith('{') ? (JSON.parse(text) as { code?: string }).code : undefined;
    const key = code === undefined ? `${status}` : `${status} ${code}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Fails unless `won` responses have the status, and every other is one of the refusals. */
export function requireWinners(
  replies: readonly TestResponse[],
  won: Record<string, number>,
  refusals: readonly string[],
): void {
  for (const [key, count] of Object.entries(tally(replies))) {
    if (key in won) assert.equal(count, won[key], `${key}: ${JSON.stringify(tally(replies))}`);
    else assert.ok(refusals.includes(key), `${key} is no documented outcome: ${JSON.stringify(tally(replies))}`);
  }
  for (const key of Object.keys(won)) assert.ok(key in tally(replies), `no ${key}: ${JSON.stringify(tally(replies))}`);
}

export interface Cast {
  site: Site;
  model: Model;
  plan: Plan;
  buyers: [string, string, string];
}

export async function cast(place = 0): Promise<Cast> {
  const { site, model } = await makeSite(nodes[0]);
  const [xia, yan, zoe] = model.buyers;
  const plan = model.plans[place];
  assert(plan && xia && yan && zoe);
  return { site, model, plan, buyers: [xia, yan, zoe] };
}

export const checkout = (buyer: string) => `/api/billing/${buyer}/checkout`;
export const pay = ({ site }: Cast, buyer: string, token = 'tok_visa', node = nodes[0], headers = {}) =>
  site.call(buyer, 'POST', checkout(buyer), { processor_token: token }, { node, headers });

/** Buys the plan of the cast; returns the key of the charge. */
export async function buy(
  scene: Cast,
  buyer: string,
  token = 'tok_visa',
  sync_on: string | null = null,
): Promise<string> {
  await add(buyer, scene.plan, 1, sync_on).send(scene.site, none);
  const paid = await pay(scene, buyer, token);
  assert.equal(paid.status, 201, paid.text);
  return paid.json<{ processor_key: string }>().processor_key;
}

/** Events of one kind about a charge, and charges of a profile at the processor and at the site. */
export async function countEvents(key: string): Promise<Record<string, number>> {
  const { rows } = await sql<{ kind: string; count: number }>`
    select kind, count(*)::int as count from ledger_events where key like ${`%${key}%`} group by kind`.execute(
    nodes[0].db,
  );
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]));
}

export async function countCharges(buyer: string): Promise<{ processor: number; site: number }> {
  const { rows } = await sql<{ processor: number; site: number }>`
    select (select count(*)::int from test_processor_charges test join charge_attempts attempt on attempt.key = idempotency_key
        join profiles on profiles.id = attempt.profile_id where slug = ${buyer} and outcome = 'accepted') as processor,
      (select count(*)::int from charges join profiles on profiles.id = profile_id where slug = ${buyer}) as site`.execute(
    nodes[0].db,
  );
  assert(rows[0]);
  return rows[0];
}

export async function rounds(work: () => Promise<void>): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) await work();
  await checkInvariants(nodes[0].db);
}
