/**
 * Account at the processor that a call concerns: empty for the broker's own account, otherwise the key of a
 * provider's account.
 */
export type Account = string;
