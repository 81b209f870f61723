import type { Quota } from '#platform/security/quota';

export const apiKeysQuota: Quota = { rows: 'API keys', rows_max: 50, owner: 'account' };
