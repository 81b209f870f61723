import { randomKey40 } from '#platform/security/crypto';
import type { MadeEndpoint } from '../../setup.ts';
import { API_VERSION, requireObject } from '../stripe-client.ts';
import { event_types } from '../stripe-intake.ts';
import type { StripeNeeds } from '../stripe-needs.ts';
import { endpoint_paths, findEndpoints, stateOf } from './check-setup.ts';

/**
 * Registers the endpoints of this site that are missing, with the types and the version of the API that it handles, and
 * corrects the types of those that are registered. The version of one cannot be changed: it is left alone. The secret
 * of an endpoint is shown once, in the answer to its registration.
 */
export async function createEndpoints({ client }: StripeNeeds, origin: string): Promise<MadeEndpoint[]> {
  const known = await findEndpoints(client, {});
  const made: MadeEndpoint[] = [];
  for (const [name, path] of endpoint_paths) {
    const url = `${origin}${path}`;
    const here = known.filter((endpoint) => endpoint.url === url);
    const [first] = here;
    const enabled_events = event_types as Parameters<typeof client.webhookEndpoints.create>[0]['enabled_events']; // the package lists the types
    if (first === undefined) {
      const params = { url, enabled_events, api_version: API_VERSION, connect: name === 'connect' } as const;
      const answer = await client.webhookEndpoints.create(params, { idempotencyKey: randomKey40() });
      made.push({ name, url, action: 'created', secret: requireObject(answer, 'webhook_endpoint').secret ?? null });
      continue;
    }
    const state = stateOf(here);
    const isOther = first.api_version !== null && first.api_version !== API_VERSION;
    if (state !== 'ok' && !isOther) await client.webhookEndpoints.update(first.id, { enabled_events, disabled: false });
    const action = state === 'ok' ? 'unchanged' : isOther ? 'other_version' : 'updated';
    made.push({ name, url, action, secret: null });
  }
  return made;
}
