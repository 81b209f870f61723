import type { App } from '#platform/http/app';
import { seatPages } from './claims/pages.ts';
import { cartPages } from './pages-cart.ts';
import { checkoutPages } from './pages-checkout.ts';
import { historyPages } from './pages-history.ts';

export function billingPages(app: App): void {
  cartPages(app);
  checkoutPages(app);
  historyPages(app);
  seatPages(app);
}
