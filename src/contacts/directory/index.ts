export { directoryPageTypes } from './page-types.ts';
export { directoryPages } from './pages.ts';
