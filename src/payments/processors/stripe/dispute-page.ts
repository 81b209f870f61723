import type { Account } from '../account.ts';
import { isLiveKey, type StripeSettings } from './stripe-client.ts';

/** Returns the page of a dispute in the dashboard of its account, or the console of an emulator. */
export function disputePage(
  { secret_key, api_url }: Pick<StripeSettings, 'secret_key' | 'api_url'>,
  { key, account }: { key: string; account: Account },
): string {
  if (api_url !== null) return new URL('/_emulator', api_url).href;
  const parts = [account, isLiveKey(secret_key) ? '' : 'test', 'disputes', key].filter(Boolean);
  return `https://dashboard.stripe.com/${parts.map(encodeURIComponent).join('/')}`;
}
