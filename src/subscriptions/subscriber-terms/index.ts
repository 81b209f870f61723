// Changes of one subscription by the provider of its plan, on pages.
export { subscriberFormPage } from './page-types.ts';
export { subscriberTermPages } from './pages.ts';
