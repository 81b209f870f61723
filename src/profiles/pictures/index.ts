export { picturePages } from './pages.ts';
export { picturePageTypes } from './page-types.ts';
export { pictureRoutes } from './routes.ts';
