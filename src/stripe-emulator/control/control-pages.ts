import type { PageHandler } from '../server/index.ts';

/** Answers the paths that are not of the API; null for any other. */
export const answerPage: PageHandler = () => Promise.resolve(null);
