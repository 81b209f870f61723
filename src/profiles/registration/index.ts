export { registrationPages } from './pages.ts';
export { registrationRoutes } from './routes.ts';
