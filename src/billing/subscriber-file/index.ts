// The file of a subscriber, for the provider of its plans.
export { subscriberFilePage } from './page-types.ts';
export { showSubscriberFile } from './show-subscriber-file.ts';
