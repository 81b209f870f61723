// Opening, extending, changing and ending subscriptions.
export { endAllOfProfile } from './end-subscription.ts';
export { openOrExtend, type Opened, type Opening } from './open-or-extend.ts';
export { subscriptionListPage } from './page-types.ts';
export { subscriptionListPages } from './pages.ts';
export { subscriptionRoutes } from './routes.ts';
