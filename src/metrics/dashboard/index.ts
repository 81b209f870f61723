export { dashboardPage } from './page-types.ts';
export { dashboardPages } from './pages.ts';
