import {
  boolean,
  defineEndpoint,
  defineList,
  defineRetrieve,
  findOr404,
  invalidRequest,
  list,
  mergeMetadata,
  metadata,
  pathId,
  required,
  text,
  unsettable,
  type Call,
  type Context,
  type Kind,
  type StoredObject,
  type Values,
} from '../engine/index.ts';
import { newObject } from '../objects/index.ts';

/** An endpoint; its secrets are hidden. */
export interface WebhookEndpoint extends StoredObject {
  readonly url: string;
  readonly enabled_events: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: 'enabled' | 'disabled';
  readonly $: {
    readonly secret: string;
    readonly is_connect: boolean;
    /** The secret before the last change, valid for 24 hours. */
    readonly older?: { readonly secret: string; readonly until_ms: number };
  };
}

const SECRET_LENGTH = 32;
const OLDER_MS = 24 * 3_600_000;
const common = {
  description: unsettable(text(5000)),
  enabled_events: list(text(100), 300),
  metadata: metadata(),
  url: text(2048),
};
const create_spec = {
  ...common,
  url: required(common.url),
  enabled_events: required(common.enabled_events),
  api_version: text(40),
  connect: boolean(),
};
const update_spec = { ...common, disabled: boolean() };

/** Makes an endpoint; `secret` is from the seed unless given. */
export function addEndpoint(
  ctx: Context,
  options: { url: string; enabled_events: readonly string[]; is_connect: boolean; secret?: string },
  fields: Partial<WebhookEndpoint> = {},
): WebhookEndpoint {
  if (!/^https?:\/\/[^\s]+$/.test(options.url))
    throw invalidRequest('url_invalid', `Not a valid URL: ${options.url}`, 'url');
  const { url, enabled_events, is_connect } = options;
  const secret = options.secret ?? `whsec_${ctx.world.nextId('', ctx.scope, SECRET_LENGTH)}`;
  const endpoint = newObject<WebhookEndpoint>(ctx, 'webhook_endpoint', 'we', {
    ...fields,
    url,
    enabled_events,
    status: 'enabled',
    $: { secret, is_connect },
  });
  return ctx.world.insert(ctx.scope, endpoint);
}

/** Gives an endpoint a new secret; the older one signs as well for 24 hours. Returns the new secret. */
export function rollSecret(ctx: Context, endpoint: WebhookEndpoint): string {
  const { secret, is_connect } = endpoint.$;
  const next = `whsec_${ctx.world.nextId('', ctx.scope, SECRET_LENGTH)}`;
  const older = { secret, until_ms: ctx.world.time_ms + OLDER_MS };
  ctx.world.patch(endpoint, { $: { secret: next, is_connect, older } });
  return next;
}

function createEndpoint(call: Call, params: Values<typeof create_spec>): Record<string, unknown> {
  const { url, enabled_events, connect = false, description = null, api_version = null } = params;
  const fields = { description, api_version, metadata: mergeMetadata({}, params.metadata) };
  const endpoint = addEndpoint(call, { url, enabled_events, is_connect: connect }, fields);
  // The secret is in this answer only; the copy with it is never stored.
  return { ...endpoint, secret: endpoint.$.secret };
}

function updateEndpoint(call: Call, params: Values<typeof update_spec>): StoredObject {
  const endpoint = findOr404(call, 'webhook_endpoint', pathId(call)) as WebhookEndpoint;
  const { url, enabled_events, description, disabled } = params;
  return call.world.patch(endpoint, {
    ...(url === undefined ? {} : { url }),
    ...(enabled_events === undefined ? {} : { enabled_events }),
    ...(description === undefined ? {} : { description }),
    ...(disabled === undefined ? {} : { status: disabled ? ('disabled' as const) : ('enabled' as const) }),
    metadata: mergeMetadata(endpoint.metadata, params.metadata),
  });
}

export const webhook_endpoints: Kind = {
  name: 'webhook_endpoint',
  prefix: 'we',
  endpoints: [
    defineEndpoint('POST /v1/webhook_endpoints', create_spec, createEndpoint),
    defineEndpoint('POST /v1/webhook_endpoints/:id', update_spec, updateEndpoint),
    defineRetrieve('/v1/webhook_endpoints/:id', 'webhook_endpoint'),
    defineList('/v1/webhook_endpoints', 'webhook_endpoint', {}),
    defineEndpoint('DELETE /v1/webhook_endpoints/:id', {}, (call) => {
      const { id } = findOr404(call, 'webhook_endpoint', pathId(call));
      return call.world.insert(call.scope, { id, object: 'webhook_endpoint', deleted: true });
    }),
  ],
};
