import { Client, type Dispatcher } from 'undici';
import { onDatabase } from './on-database.ts';
import { waitUntilDelivered, watch } from './backlog.ts';
import { type Bench, withBaseline, withSite } from './bench.ts';
import type { Child } from './child.ts';
import { type Budget, budgets } from './budgets.ts';
import { openGateway, throughGateway } from './gateway.ts';
import { send } from './measure.ts';
import { insertEvents } from './queue.ts';
import { printLine } from './report.ts';
import { PLAN, type Seeded } from './seed.ts';
import type { StatementCount } from './statement-count.ts';

/** Runs of an operation, of which the lowest count is printed: the others include statements of the background. */
const RUNS_COUNT = 10;
const DELIVERED_COUNT = 100;

interface Operation {
  name: string;
  budget: Budget;
  request: Dispatcher.RequestOptions;
  /** Requests that are not counted: before and after each run. */
  before?: Dispatcher.RequestOptions;
  after?: Dispatcher.RequestOptions;
}

/** Prints statements and transactions per operation of a warm process beside the budgets. */
export async function benchStatements(bench: Bench): Promise<void> {
  await withBaseline('upstream', { environment: {} }, async (upstream) => {
    // The delivery of events is counted separately.
    await withSite(bench, { args: ['--no-worker'] }, async (site) => {
      await openGateway(site, bench.seeded.manager, upstream.origin);
      const client = new Client(site.origin);
      for (const operation of listOperations(bench.seeded)) await countRequests(site.child, client, operation);
      await client.close();
    });
  });
  await withSite(bench, {}, async ({ child }) => {
    await waitUntilDelivered(bench.database_url);
    await countDelivery(child, bench.database_url);
  });
}

function listOperations({ reader, manager, buyers: [buyer] }: Seeded): Operation[] {
  if (!buyer) throw new Error('there is no buyer');
  const headers = { authorization: `Bearer ${buyer.token}`, 'content-type': 'application/json' };
  const payment = JSON.stringify({ remember_card: false, processor_token: 'tok_bench' });
  const addToCart = {
    method: 'POST',
    path: '/api/cart',
    headers,
    body: JSON.stringify({ plan: PLAN, option: 1 }),
  } as const;
  const checkOut = { method: 'POST', path: `/api/billing/${buyer.username}/checkout`, headers, body: payment } as const;
  return [
    { name: 'GET of one object', budget: budgets.read_object, request: get('/api/profile/reader', reader) },
    { name: 'GET of a list', budget: budgets.read_list, request: get('/api/profile', manager) },
    { name: 'request to the gateway', budget: budgets.forward, request: { method: 'GET', ...throughGateway(reader) } },
    { name: 'POST /api/cart', budget: budgets.add_to_cart, request: addToCart, after: checkOut },
    { name: 'POST checkout', budget: budgets.check_out, before: addToCart, request: checkOut },
  ];
}

function get(path: string, token: string): Dispatcher.RequestOptions {
  return { method: 'GET', path, headers: { authorization: `Bearer ${token}` } };
}

async function countRequests(child: Child, client: Client, operation: Operation): Promise<void> {
  const { name, budget, request, before, after } = operation;
  const counts: StatementCount[] = [];
  for (let run = 0; run < RUNS_COUNT; run += 1) {
    if (before) await send(client, before);
    await child.ask('startCounting');
    await send(client, request);
    counts.push(await child.ask('stopCounting'));
    if (after) await send(client, after);
  }
  print(name, budget, counts);
}

async function countDelivery(child: Child, database_url: string): Promise<void> {
  await onDatabase(database_url, async (client) => {
    const counts: StatementCount[] = [];
    for (let run = 0; run < RUNS_COUNT / 2; run += 1) {
      await child.ask('startCounting');
      await client.query(insertEvents, [DELIVERED_COUNT]);
      await watch(client, (count) => count === 0);
      counts.push(await child.ask('stopCounting'));
    }
    print('delivery of 100 events', budgets.deliver_100_events, counts);
  });
}

function print(name: string, { statements_max, transactions_max }: Budget, counts: readonly StatementCount[]): void {
  const [least] = [...counts].sort((a, b) => a.statements.length - b.statements.length);
  if (!least) throw new Error('nothing was counted');
  printLine({
    name: `statements: ${name}`,
    value: least.statements.length,
    unit: 'statements',
    goal: { max: statements_max },
    detail: `in ${least.exchanges_count} exchanges and ${least.transactions_count} transactions (budget ${transactions_max})`,
  });
}
