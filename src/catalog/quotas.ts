import type { Quota } from '#platform/security/quota';

export const plansQuota: Quota = { rows: 'plans', rows_max: 500, owner: 'provider' };
export const couponsQuota: Quota = { rows: 'coupons', rows_max: 10_000, owner: 'provider' };
