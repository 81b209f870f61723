// Notes of a provider about its subscribers.
export { deleteNotesOf, findLatestNotes, type SubscriberNote } from './note-store.ts';
export { notePages } from './pages.ts';
export { notePage, notesPage } from './page-types.ts';
export { noteRoutes } from './routes.ts';
