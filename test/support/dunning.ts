import { sql } from 'kysely';
import type { ChangeSite } from './changes.ts';

/** Longer than the tests move the clock. */
export const token_lifetime_s = 31_536_000;

export const RENEW = 'renew_subscriptions';

/** Makes the cards on file of the test processor give an outcome from now on. */
export async function setCardOutcome({ app }: Pick<ChangeSite, 'app'>, outcome: string): Promise<void> {
  await sql`update test_processor_customers
    set card = jsonb_set(card::jsonb, '{outcome}', to_jsonb(${outcome}::text))`.execute(app.db);
}

/** Returns the cases of dunning, oldest first. */
export async function casesOf({ app }: Pick<ChangeSite, 'app'>) {
  return app.db.selectFrom('dunning_cases').selectAll().orderBy('id').execute();
}

/** Returns the attempts of all cases as `trigger kind instant`. */
export async function attemptsOf({ app }: Pick<ChangeSite, 'app'>): Promise<string[]> {
  const attempts = await app.db
    .selectFrom('dunning_attempts')
    .selectAll()
    .orderBy('dunning_case_id')
    .orderBy('rank')
    .execute();
  return attempts.map(({ trigger, kind, created_at }) => `${trigger} ${kind} ${created_at.toISOString().slice(5, 16)}`);
}

/** Runs the hourly jobs at each whole hour from one instant to another, both inclusive. */
export async function runHours(site: ChangeSite, from: string, to: string, step_hours = 1): Promise<void> {
  const end = new Date(to).getTime();
  for (let at = new Date(from).getTime(); at <= end; at += step_hours * 3_600_000)
    await site.runAt(new Date(at).toISOString(), RENEW);
}

/** Returns the events of a name, as their payloads. */
export async function payloadsOf({ app }: Pick<ChangeSite, 'app'>, name: string): Promise<Record<string, unknown>[]> {
  const rows = await app.db
    .selectFrom('outbox_events')
    .select('payload')
    .where('name', '=', name)
    .orderBy('id')
    .execute();
  return rows.map(({ payload }) => payload as Record<string, unknown>);
}
