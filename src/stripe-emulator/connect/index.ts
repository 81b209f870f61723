import type { Kind } from '../engine/index.ts';
import { account_link_kind } from './account-links.ts';
import { account_kind } from './accounts.ts';
import { fee_refund_kind } from './application-fee-refunds.ts';
import { payout_kind } from './payouts.ts';

/** Kinds of Connect, and payouts. */
export const connect_kinds: readonly Kind[] = [account_kind, account_link_kind, fee_refund_kind, payout_kind];

export { endAccountLink, findAccountLink, useAccountLink } from './account-links.ts';
export {
  deauthorizeAccount,
  findAccount,
  findOwnAccount,
  insertPlatform,
  insertReadyAccount,
  setAccountState,
} from './accounts.ts';
export { advancePayout, mayReach, type Payout, type PayoutStatus } from './payout.ts';
