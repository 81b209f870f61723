// Requests for a subscription that end before the provider has accepted them.
export { makeRequestEnding } from './end-request.ts';
export { requestExpired } from './events.ts';
export { returnRequestsJob } from './jobs.ts';
