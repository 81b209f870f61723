export { finishPage } from './page-types.ts';
export { finishLinkPages } from './pages.ts';
