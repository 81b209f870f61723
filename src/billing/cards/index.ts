export { cardPages } from './pages.ts';
export { presentSavedCard } from './present-saved-card.ts';
