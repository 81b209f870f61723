import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifySchema,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
  RouteGenericInterface,
  RouteHandlerMethod,
  RouteShorthandOptions,
} from 'fastify';
import { type TObject, type TProperties, Type } from 'typebox';
import type { App } from './app.ts';

type Options<S extends FastifySchema> = RouteShorthandOptions<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  RouteGenericInterface,
  unknown,
  S,
  TypeBoxTypeProvider,
  FastifyBaseLogger
> & { schema: S };
type Handler<S extends FastifySchema> = RouteHandlerMethod<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  RouteGenericInterface,
  unknown,
  S,
  TypeBoxTypeProvider,
  FastifyBaseLogger
>;

/**
 * Registers a route under PUT and, with every field of the body optional, under PATCH: a partial update.
 * `body` declares the required fields of PUT; the handler leaves the value of a missing field unchanged. Without a body
 * both methods are equal. `essential` names fields that PATCH requires too.
 */
export function putAndPatch<const S extends FastifySchema & { body?: TObject<TProperties> }>(
  app: App,
  url: string,
  options: Options<S>,
  handler: Handler<S>,
  essential: readonly string[] = [],
): void {
  app.put(url, options, handler);
  const { body } = options.schema;
  const partial: S = { ...options.schema, ...(body ? { body: partialOf(body, essential) } : {}), hide: true };
  app.patch(url, { ...options, schema: partial }, handler);
}

function partialOf(body: TObject<TProperties>, essential: readonly string[]): TObject<TProperties> {
  const optional = Type.Partial(body).properties;
  const required = Object.fromEntries(Object.entries(body.properties).filter(([name]) => essential.includes(name)));
  return Type.Object({ ...optional, ...required });
}
