import {
  choice,
  defineEndpoint,
  defineRetrieve,
  invalidRequest,
  list_params,
  pageOf,
  text,
  texts,
  type Kind,
} from '../engine/index.ts';

const KEPT_S = 30 * 86_400;
const TYPES_MAX = 20;

export const events: Kind = {
  name: 'event',
  prefix: 'evt',
  endpoints: [
    defineRetrieve('/v1/events/:id', 'event'),
    defineEndpoint(
      'GET /v1/events',
      {
        ...list_params,
        type: text(100),
        types: texts,
        delivery_success: choice('true', 'false'),
        related_object: text(255),
      },
      (call, params) => {
        const { type, types, delivery_success } = params;
        if (types && types.length > TYPES_MAX)
          throw invalidRequest(undefined, `At most ${TYPES_MAX} types are allowed.`, 'types');
        const oldest = call.world.now - KEPT_S;
        const items = call.world.all(call.scope, 'event').filter((event) => {
          const name = String(event['type']);
          return (
            Number(event.created) >= oldest &&
            (type === undefined || matches(name, type)) &&
            (types === undefined || types.some((each) => matches(name, each))) &&
            (delivery_success === undefined || (event['pending_webhooks'] === 0) === (delivery_success === 'true'))
          );
        });
        return pageOf(call, items, params);
      },
    ),
  ],
};

function matches(type: string, wanted: string): boolean {
  return wanted === '*' || (wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted);
}
