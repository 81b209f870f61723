// Pages on which the managers of the site set up the gateway.
export { consolePages, consolePageTypes } from './pages.ts';
