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
 * Declare in `body` what PUT demands; the handler must take a missing field as "keep".
 */
export function putAndPatch<const S extends FastifySchema & { body: TObject<TProperties> }>(
  app: App,
  url: string,
  options: Options<S>,
  handler: Handler<S>,
): void {
  app.put(url, options, handler);
  const partial: S = { ...options.schema, body: Type.Partial(options.schema.body), hide: true };
  app.patch(url, { ...options, schema: partial }, handler);
}
