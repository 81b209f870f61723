import type { Quota } from '#platform/security/quota';

export const notesQuota: Quota = { rows: 'notes', rows_max: 1000, owner: 'subscriber' };
