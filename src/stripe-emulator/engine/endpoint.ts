import type { Call, Endpoint } from './context.ts';
import { readParams, type Spec, type Values } from './param.ts';

interface Head {
  readonly permission?: string;
  readonly is_publishable?: boolean;
}

/**
 * Defines an endpoint by its parameters: the table decides what is unknown, missing or malformed (400).
 *
 * The permission of restricted keys is `{kind}_read` or `{kind}_write` by the path unless given.
 */
export function defineEndpoint<S extends Spec>(
  route: `${'GET' | 'POST' | 'DELETE'} /${string}`,
  spec: S,
  handler: (call: Call, params: Values<S>) => Record<string, unknown>,
  { permission, is_publishable = false }: Head = {},
): Endpoint {
  const [method, path = ''] = route.split(' ');
  if (method !== 'GET' && method !== 'POST' && method !== 'DELETE') throw new Error(`${route} is no route`);
  return {
    method,
    path,
    permission: permission ?? permissionOf(method, path),
    is_publishable,
    prepare(call, raw) {
      const params = readParams(spec, raw);
      return () => handler(call, params);
    },
  };
}

/** Returns an id of the path. */
export function pathId(call: Call, name = 'id'): string {
  return call.path[name] ?? '';
}

function permissionOf(method: string, path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && !part.startsWith(':'));
  const kind = (parts[1] === 'test_helpers' || parts[1] === 'checkout' ? parts[2] : parts[1]) ?? '';
  return `${kind.replace(/s$/, '')}_${method === 'GET' ? 'read' : 'write'}`;
}
