import type { Kind } from '../engine/index.ts';
import { events } from './events.ts';
import { webhook_endpoints } from './webhook-endpoints.ts';

/** Kinds of notification. */
export const webhook_kinds: readonly Kind[] = [events, webhook_endpoints];

export { Dispatcher, type Attempt } from './dispatcher.ts';
export { addEndpoint, rollSecret, type WebhookEndpoint } from './webhook-endpoints.ts';
