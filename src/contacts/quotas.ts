import type { Quota } from '#platform/security/quota';

export const activitiesQuota: Quota = { rows: 'notes', rows_max: 1000, owner: 'contact' };
