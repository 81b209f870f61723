export { preferencePageTypes } from './page-types.ts';
export { preferencePages } from './pages.ts';
