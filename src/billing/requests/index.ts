// Requests for a subscription that end before the provider has accepted them.
export { makeRequestEnding } from './end-request.ts';
