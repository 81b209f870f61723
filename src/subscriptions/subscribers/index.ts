// The subscribers of a provider.
export { subscriberRoutes } from './routes.ts';
