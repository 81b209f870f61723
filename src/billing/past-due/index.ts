// Pages about charges that failed: of the payer, who pays there, and the list of the provider.
export { dunningPageTypes } from './page-types.ts';
export { dunningPages } from './pages.ts';
