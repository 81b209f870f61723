export { cartItemsRoutes } from './routes.ts';
