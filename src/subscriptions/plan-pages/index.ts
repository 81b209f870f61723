// The plans of a provider on pages, with the number of their subscriptions.
export { planPage, plansPage } from './page-types.ts';
export { planPages } from './pages.ts';
