import assert from 'node:assert/strict';
import { type RawBuilder, sql } from 'kysely';
import { type Call, expectStatus } from '../support/changes.ts';
import { runJob } from '../support/run-job.ts';
import type { JobScene } from './killed-job.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

type PlanTerms = NonNullable<Parameters<JobScene['site']['plan']>[1]>;

export const callOf = ({ notes, site, name }: JobScene): Promise<Call> =>
  notes.has('registered') ? site.signIn(name) : register(site, name, notes);

async function register(site: JobScene['site'], name: string, notes: JobScene['notes']): Promise<Call> {
  notes.set('registered', name);
  return site.register(name);
}

/** Moves the clock forward; no job runs. */
export function wait({ site }: JobScene, ms: number): void {
  site.moveTo(new Date(site.app.clock.now().getTime() + ms).toISOString());
}

/** Moves the clock to this time before the end of the subscription, or after it when negative. */
export async function waitForEnd(scene: JobScene, before_ms: number): Promise<void> {
  const { ends_at } = await subscriptionOf(scene);
  scene.site.moveTo(new Date(ends_at.getTime() - before_ms).toISOString());
}

export async function subscriptionOf({ site, name }: JobScene) {
  return site.app.db
    .selectFrom('subscriptions')
    .innerJoin('profiles', 'profiles.id', 'subscriptions.profile_id')
    .selectAll('subscriptions')
    .where('profiles.slug', '=', name)
    .orderBy('subscriptions.id', 'desc')
    .executeTakeFirstOrThrow();
}

/** Sells a plan of its own to the subscriber; notes the key of the charge. */
export async function sell(scene: JobScene, terms: PlanTerms = {}, token: string | null = 'tok_visa'): Promise<Call> {
  const { site, name, notes } = scene;
  await site.plan(name, { period_amount: 9000, ...terms });
  const call = await callOf(scene);
  const paid = await site.buy(call, name, name, { token });
  notes.set('charge', paid.json<{ processor_key?: string }>().processor_key ?? '');
  return call;
}

/** Makes the card of the subscriber give an outcome from now on. */
export async function setOutcome({ site, name }: JobScene, outcome: string): Promise<void> {
  await sql`update test_processor_customers set card = jsonb_set(card::jsonb, '{outcome}', to_jsonb(${outcome}::text))
    where key in (select customer_key from payment_methods
      where profile_id = (select id from profiles where slug = ${name}))`.execute(site.app.db);
}

export const run = ({ site }: JobScene, ...jobs: string[]) =>
  jobs.reduce<Promise<void>>((before, job) => before.then(() => runJob(site.app.tollgate, job)), Promise.resolve());

/** Decides a charge at the processor, without a webhook request. */
export async function decideQuietly({ site, notes }: JobScene, state: string): Promise<void> {
  await sql`update test_processor_charges set state = ${state} where key = ${notes.get('charge')}`.execute(site.app.db);
}

export async function profileId({ site, name }: JobScene): Promise<number> {
  return (await site.app.db.selectFrom('profiles').select('id').where('slug', '=', name).executeTakeFirstOrThrow()).id;
}

/** Requires the numbers that queries return. `me` in a query is the id of the profile of the subscriber. */
export async function expectCounts(
  scene: JobScene,
  expected: Record<string, number>,
  queries: (me: number) => Record<keyof typeof expected, RawBuilder<unknown>>,
): Promise<void> {
  const found: Record<string, number> = {};
  for (const [title, query] of Object.entries(queries(await profileId(scene)))) {
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from ${query}`.execute(
      scene.site.app.db,
    );
    found[title] = rows[0]?.count ?? 0;
  }
  assert.deepEqual(found, expected);
}

/** Requires that the subscriber has this many paid charges, at the site and at the processor, and owes an amount. */
export async function expectPaid(scene: JobScene, charges: number, due = 0): Promise<void> {
  const counts = { charges, charges_at_processor: charges };
  await expectCounts(scene, counts, (me) => ({
    charges: sql`charges where state = 'done' and profile_id = ${me}`,
    charges_at_processor: sql`test_processor_charges test join charge_attempts attempt on attempt.key = idempotency_key
      where attempt.profile_id = ${me} and test.outcome = 'accepted' and test.state = 'done'`,
  }));
  const { rows } = await sql<{ due: number }>`select coalesce(sum(amount), 0)::int as due from (
    select dest_amount as amount from ledger_entries where dest_account = 'Payable' and dest_profile_id = ${await profileId(scene)}
    union all
    select -orig_amount from ledger_entries where orig_account = 'Payable' and orig_profile_id = ${await profileId(scene)}) side`.execute(
    scene.site.app.db,
  );
  assert.equal(rows[0]?.due, due);
}

/** Requires that an event about the subscription, or another subject, was emitted this often. */
export async function expectEvents(scene: JobScene, name: string, count = 1): Promise<void> {
  const { id } = await subscriptionOf(scene);
  const me = await profileId(scene);
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from outbox_events where name = ${name}
    and (payload->>'subscription_id' = ${String(id)} or payload->>'profile_id' = ${String(me)})`.execute(
    scene.site.app.db,
  );
  assert.equal(rows[0]?.count, count, name);
}

/** Buys and previews as the subscriber. */
export async function previewAndPost(call: Call, url: string, wish: Record<string, string>): Promise<void> {
  const shown = await expectStatus(call('GET', `${url}?${new URLSearchParams(wish).toString()}`), 200);
  const { preview_key } = shown.json<{ preview_key: string }>();
  await expectStatus(call('POST', url, { ...wish, preview_key }), 200, 202);
}
