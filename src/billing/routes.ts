import type { App } from '#platform/http/app';
import { seatRoutes } from './claims/routes.ts';
import { cartItemsRoutes } from './routes-cartitems.ts';
import { cartRoutes } from './routes-cart.ts';
import { checkoutRoutes } from './routes-checkout.ts';

export function billingRoutes(app: App): void {
  cartRoutes(app);
  cartItemsRoutes(app);
  checkoutRoutes(app);
  seatRoutes(app);
}
