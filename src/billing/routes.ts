import type { App } from '#platform/http/app';
import { seatRoutes } from './claims/routes.ts';
import { cartItemsRoutes } from './cart-items/routes.ts';
import { cartRoutes } from './cart/routes.ts';
import { checkoutRoutes } from './checkout/routes.ts';
import { offerRoutes } from './offers/index.ts';

export function billingRoutes(app: App): void {
  offerRoutes(app);
  cartRoutes(app);
  cartItemsRoutes(app);
  checkoutRoutes(app);
  seatRoutes(app);
}
