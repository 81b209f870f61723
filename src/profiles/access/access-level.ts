import type { Subject } from '#platform/http/guards/access';
import { CONTRIBUTOR, MANAGER } from '../records/index.ts';

/** Access level of a caller on one profile, in ascending order. */
const access_levels = ['none', 'read', 'manage'] as const;
export type AccessLevel = (typeof access_levels)[number];

/** An access level with the relation to the profile that gives it. */
export interface AccessGrant {
  relation: Subject['relation'];
  level: AccessLevel;
}

/**
 * Returns the access level that a role of a global type gives. `role_type` is its slug; null for a local type.
 *
 * Types other than manager and contributor give no access to the API; access rules of the gateway name them.
 */
export function toAccessLevel(role_type: string | null): AccessLevel {
  if (role_type === MANAGER) return 'manage';
  return role_type === CONTRIBUTOR ? 'read' : 'none';
}

/** Returns the grant with the highest level; the first one of equal level. */
export function pickHighestGrant(grants: readonly AccessGrant[]): AccessGrant {
  const none: AccessGrant = { relation: 'none', level: 'none' };
  return grants.reduce(
    (best, each) => (access_levels.indexOf(each.level) > access_levels.indexOf(best.level) ? each : best),
    none,
  );
}
