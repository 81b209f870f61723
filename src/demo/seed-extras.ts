import { addActivity } from '#contacts';
import { insertRule, parseAllow, replaceSessionKey, sealKeyOf } from '#gateway';
import { addBalanceLine } from '#metrics';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db';
import { updateSite } from '#platform/site';
import { as, type People } from './seed-people.ts';

/** The balance sheet that the documentation shows. */
export async function seedReports(ctx: Context): Promise<void> {
  await addBalanceLine(ctx, { report: 'taxes', title: 'Sales', selector: 'Receivable', is_positive: false, rank: 1 });
}

/** What alice noted about xia. */
export async function seedActivities(ctx: Context, people: People): Promise<void> {
  const alice = as(ctx, people.users.get('alice'));
  for (const text of ['Phone call: asks for a desk near a window.', 'Visited the open space and liked it.']) {
    await addActivity(alice, 'xia', { text, account: 'xia' });
  }
}
