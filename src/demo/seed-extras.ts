import { addActivity } from '#contacts';
import { changeProxy, rotateSessionKey, updateRule } from '#gateway';
import { addBalanceLine } from '#metrics';
import type { Context } from '#platform/context';
import { as, type People } from './seed-people.ts';

/** The balance sheet that the documentation shows. */
export async function seedReports(ctx: Context): Promise<void> {
  await addBalanceLine(ctx, { report: 'taxes', title: 'Sales', selector: 'Receivable', rank: 1 });
}

/** What alice noted about xia. */
export async function seedActivities(ctx: Context, people: People): Promise<void> {
  const alice = as(ctx, people.users.get('alice'));
  for (const text of ['Phone call: asks for a desk near a window.', 'Visited the open space and liked it.']) {
    await addActivity(alice, 'xia', { text, account: 'xia' });
  }
}

/** Lets everybody who signed in through to the sample application; answers the key that it shares with the gateway. */
export async function seedRules(ctx: Context, given: { secret: string; upstream_url: string }): Promise<string> {
  await changeProxy(ctx, { entry_point: given.upstream_url }, { private_addresses_allowed: true });
  await updateRule(ctx, '/app/', { is_forward: true, engaged: 'app', allow: 1 });
  return rotateSessionKey(ctx, given.secret);
}
