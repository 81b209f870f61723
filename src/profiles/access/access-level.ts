import type { Subject } from '#platform/http/guards/access';
import { CONTRIBUTOR, MANAGER } from '../records/index.ts';

/** What a caller may do where she stands: everything, reading only, nothing. */
export type Strength = 'none' | 'read' | 'manage';

export interface Standing {
  relation: Subject['relation'];
  strength: Strength;
}

const order: readonly Strength[] = ['none', 'read', 'manage'];

/** Tells what holding a role of a global type allows; other types are for access rules to name. */
export function strengthFor(role_type: string | null): Strength {
  if (role_type === MANAGER) return 'manage';
  return role_type === CONTRIBUTOR ? 'read' : 'none';
}

/** Picks the standing that allows most; the first of equals. */
export function strongest(standings: readonly Standing[]): Standing {
  const none: Standing = { relation: 'none', strength: 'none' };
  return standings.reduce(
    (best, each) => (order.indexOf(each.strength) > order.indexOf(best.strength) ? each : best),
    none,
  );
}
