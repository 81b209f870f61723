export { cardPages } from './pages.ts';
export { viewCard } from './view-card.ts';
