/**
 * Support of the races: concurrent requests to two nodes with their own connections. On a PGlite, one node takes all
 * requests through one connection.
 */
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { TestResponse } from '../support/client.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { skipWithoutServer, startTwoNodes } from '../support/two-nodes.ts';
import { checkInvariants } from './checks.ts';
import { add } from './commands/buy.ts';
import type { Fate } from './model/checkout.ts';
import type { Model, Plan } from './model/model.ts';
import { fillBalance, type ProcessorName, rowsAt, tokenOf } from './outside.ts';
import { makeSite, type Site } from './site.ts';

/** A contended resource. `run` makes a scene of its own. */
export interface Race {
  name: string;
  run(): Promise<void>;
}

export const none = { charges: [], adjustments: [], links: [] };

export let nodes: readonly [TestApp, TestApp];

/** Starts the nodes that the races of a processor use; returns the function that closes them. */
export async function startNodes(processor: ProcessorName): Promise<() => Promise<void>> {
  if (skipWithoutServer === false) {
    const started = await startTwoNodes({}, processor);
    nodes = started.nodes;
    await fillBalance(nodes[0]);
    return started.close;
  }
  const app = await startApp({ processor });
  nodes = [app, app];
  await fillBalance(app);
  return () => app.close();
}

const nodeOf = (index: number) => nodes[index % 2] ?? nodes[0];

/** Sends the same kind of request `count` times concurrently, to the nodes in turn. */
export const race = (count: number, send: (node: TestApp, index: number) => Promise<TestResponse>) =>
  Promise.all(Array.from({ length: count }, (_, index) => send(nodeOf(index), index)));

type Reply = Pick<TestResponse, 'status' | 'text'>;

/** Counts responses by status and code. */
function tally(replies: readonly Reply[]): Record<string, number> {
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
  replies: readonly Reply[],
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
export const cardOf = (fate: Fate) => tokenOf(nodes[0], fate);
export const pay = ({ site }: Cast, buyer: string, token = cardOf('accepted'), node = nodes[0], headers = {}) =>
  site.call(buyer, 'POST', checkout(buyer), { processor_token: token }, { node, headers });

/** Buys the plan of the cast; returns the key of the charge. */
export async function buy(
  scene: Cast,
  buyer: string,
  token = cardOf('accepted'),
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
    select (select count(*)::int from ${rowsAt(nodes[0]).charges} test join charge_attempts attempt on attempt.key = idempotency_key
        join profiles on profiles.id = attempt.profile_id where slug = ${buyer} and outcome = 'accepted') as processor,
      (select count(*)::int from charges join profiles on profiles.id = profile_id where slug = ${buyer}) as site`.execute(
    nodes[0].db,
  );
  assert(rows[0]);
  return rows[0];
}

/** Runs a race several times, and checks every rule of money afterwards. */
export async function runRace({ run }: Race, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await run();
  await checkInvariants(nodes[0]);
}
