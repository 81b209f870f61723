export { federatedPointParams, readFederationPoint } from './federation-point.ts';
export { federationPage } from './federation-page-type.ts';
export { federationPages } from './federation-pages.ts';
export { customerPageTypes } from './page-types.ts';
export { customerPages } from './pages.ts';
export { reportCustomers } from './report-customers.ts';
export { readFederatedProfiles } from './report-federation.ts';
export { customerRoutes } from './routes.ts';
