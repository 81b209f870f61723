import type { App } from '#platform/http/app';
import { seatPages } from './claims/pages.ts';
import { cartPages } from './cart/pages.ts';
import { checkoutPages } from './checkout/pages.ts';
import { historyPages } from './receipts/pages.ts';
import { offerPages } from './offers/index.ts';

export function billingPages(app: App): void {
  offerPages(app);
  cartPages(app);
  checkoutPages(app);
  historyPages(app);
  seatPages(app);
}
