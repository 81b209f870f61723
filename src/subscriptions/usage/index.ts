// Uses of a subscription: free quotas, uses bought in advance.
export { recordUses } from './record-uses.ts';
export { type BoughtUses, moveUsagePeriod, rolloverQuotas } from './usage-store.ts';
export { quotaPeriod } from './usage.ts';
