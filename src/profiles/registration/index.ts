export { registrationPageTypes } from './page-types.ts';
export { registrationPages } from './pages.ts';
export { registrationRoutes } from './routes.ts';
