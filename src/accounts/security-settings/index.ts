export { securityPages } from './pages.ts';
export { setSshKey } from './set-ssh-key.ts';
export { securityRoutes } from './routes.ts';
export { securityPageTypes } from './page-types.ts';
