import type { Quota } from '#platform/quota';

export const activitiesQuota: Quota = { rows: 'notes', rows_max: 1000, owner: 'contact' };
