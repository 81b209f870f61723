export { bankPageTypes } from './page-types.ts';
export { bankPages } from './pages.ts';
export { withdrawPages } from './withdraw-pages.ts';
