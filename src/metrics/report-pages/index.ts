export { reportPageTypes } from './page-types.ts';
export { reportPages } from './pages.ts';
