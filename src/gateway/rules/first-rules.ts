import type { Tx } from '#platform/db/database';
import type { SiteId } from '#platform/db/db-schema';
import { insertRule } from './rule-store.ts';

/** Inserts the rules of a new site: signed-in users below `/app/`, all callers elsewhere. Neither rule forwards. */
export async function insertFirstRules(tx: Tx, site_id: SiteId): Promise<void> {
  const rule = { is_forward: false, engaged: '' };
  await insertRule(tx, site_id, { ...rule, rank: 1, path: '/app/', allow: { op: 1, params: null } });
  await insertRule(tx, site_id, { ...rule, rank: 2, path: '/', allow: { op: 0, params: null } });
}
