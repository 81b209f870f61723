export { previewPageTypes } from './page-types.ts';
export { previewPages } from './pages.ts';
