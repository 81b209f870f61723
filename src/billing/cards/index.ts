export { cardPageTypes } from './page-types.ts';
export { cardPages } from './pages.ts';
export { presentSavedCard } from './present-saved-card.ts';
export { providerChargeRoutes } from './routes.ts';
