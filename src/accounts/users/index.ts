export { deleteUserPages } from './delete-user-pages.ts';
export { userPages } from './pages.ts';
export { userRoutes } from './routes.ts';
export { userPageTypes } from './page-types.ts';
