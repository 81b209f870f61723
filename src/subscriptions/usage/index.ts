// Uses of a subscription: free quotas, uses bought in advance.
export { addRolloverQuota } from './record-uses.ts';
