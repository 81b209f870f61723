export { chooserPages } from './pages.ts';
