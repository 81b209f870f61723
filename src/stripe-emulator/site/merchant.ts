import { findOwnAccount } from '../connect/index.ts';
import type { Context } from '../engine/index.ts';

const NAMELESS = 'the merchant';

/** Returns the name of the business that a buyer pays. */
export function merchantOf(ctx: Context): string {
  const name = findOwnAccount(ctx).business_profile['name'];
  return typeof name === 'string' && name !== '' ? name : NAMELESS;
}
