export { chooserPageTypes } from './page-types.ts';
export { chooserPages } from './pages.ts';
