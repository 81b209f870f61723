// Pages that change the plan or the quantity of a subscription.
export { changePageTypes } from './page-types.ts';
export { changePages } from './pages.ts';
