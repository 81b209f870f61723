import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestResponse } from '../../support/client.ts';
import {
  balancesOf,
  BEGIN,
  type Call,
  type ChangeSite,
  dueOf,
  eventsPostedBy,
  expectStatus,
  H,
  lotsLeft,
  startChanges,
} from '../../support/changes.ts';
import { examples } from './examples.ts';

type Wish = Record<string, string | number>;

/** A test with a site of its own. */
export function vector(title: string, run: (site: ChangeSite) => Promise<void>): void {
  test(title, async () => {
    const site = await startChanges();
    try {
      await run(site);
    } finally {
      await site.close();
    }
  });
}

const changeUrl = (payer: string, plan: string) => `/api/profile/${payer}/subscriptions/${plan}/change`;

/** Requests a preview. */
export function preview(call: Call, plan: string, wish: Wish, payer = 'xia'): Promise<TestResponse> {
  const query = new URLSearchParams(
    Object.entries(wish).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return call('GET', `${changeUrl(payer, plan)}?${query.toString()}`);
}

/** Returns a preview; fails the test if it is refused. */
export async function previewOf(call: Call, plan: string, wish: Wish, payer = 'xia') {
  return (await expectStatus(preview(call, plan, wish, payer), 200)).json();
}

/** Posts a change. */
export function confirm(call: Call, plan: string, body: Record<string, unknown>, payer = 'xia'): Promise<TestResponse> {
  return call('POST', changeUrl(payer, plan), body);
}

/** Previews a change and confirms it; returns the preview and the response. */
export async function change(
  call: Call,
  plan: string,
  wish: Wish,
  { payer = 'xia', body = {} }: { payer?: string; body?: Record<string, unknown> } = {},
): Promise<{ shown: Record<string, unknown>; done: Record<string, unknown> }> {
  const shown = await previewOf(call, plan, wish, payer);
  const confirmed = confirm(call, plan, { ...wish, ...body, preview_key: shown['preview_key'] }, payer);
  return { shown, done: (await expectStatus(confirmed, 200)).json() };
}

/** Sells a plan to xia at the beginning and moves to the middle of the month. */
export async function begin(site: ChangeSite, plan: string, at = H, wish: Parameters<ChangeSite['buy']>[3] = {}) {
  assert.equal(site.app.clock.now().toISOString(), new Date(BEGIN).toISOString());
  const bought = await site.buy(site.xia, 'xia', plan, wish);
  site.moveTo(at);
  return bought;
}

/** Requires that work posts the rows of an example and leaves its balances. `names` replace its event ids. */
export async function expectExample(
  site: ChangeSite,
  name: keyof typeof examples,
  work: () => Promise<unknown>,
  {
    names = {},
    profiles = ['cowork', 'xia'],
    call = site.xia,
    payer = 'xia',
    before = [],
    order,
    ...given
  }: ExampleTerms = {},
): Promise<void> {
  const { events, balances, due, lots } = examples[name];
  const renamed = (text: string) =>
    Object.entries(names).reduce((all, [from, to]) => all.replaceAll(`\`${from}\``, `\`${to}\``), text);
  const posted = await eventsPostedBy(site, work);
  assert.deepEqual(order ? order.map((index) => posted[index]) : posted, [...before, ...events.map(renamed)]);
  assert.equal(await balancesOf(site, ...profiles), given.balances ?? balances);
  assert.equal(await dueOf(call, payer), due);
  assert.equal(await lotsLeft(site), given.lots ?? lots);
}

interface ExampleTerms {
  names?: Record<string, string>;
  profiles?: readonly string[];
  call?: Call;
  payer?: string;
  /** Rows that the example mentions in its text. */
  before?: readonly string[];
  /** Balances, if the example leaves something out. */
  balances?: string;
  /** What is left of lots, if the example leaves it out. */
  lots?: string;
  /** Places of the posted events in the order of the example. */
  order?: readonly number[];
}
