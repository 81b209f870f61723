export { rowsPage } from './page-types.ts';
export { rowPages } from './pages.ts';
