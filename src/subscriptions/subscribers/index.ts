// The subscribers of a provider.
export { activityPage } from './activity-page-types.ts';
export { activityPages } from './activity-pages.ts';
export { planSubscribersPage, subscribersPage } from './page-types.ts';
export { type SubscriberPageNeeds, subscriberPages } from './pages.ts';
export { subscriberRoutes } from './routes.ts';
