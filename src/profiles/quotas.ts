import type { Quota } from '#platform/security/quota';

export const profilesQuota: Quota = { rows: 'profiles, invitations and requests', rows_max: 200, owner: 'account' };
export const membersQuota: Quota = { rows: 'members, invitations and requests', rows_max: 1000, owner: 'profile' };
export const roleTypesQuota: Quota = { rows: 'role types', rows_max: 50, owner: 'profile' };
