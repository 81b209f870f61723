import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { textField } from '#platform/http/forms';
import { safeNext } from '#platform/http/next';

/** Query of the cart, checkout and balance pages. */
export const OrderQuerySchema = Type.Object({
  next: Type.Optional(Type.String({ maxLength: 2000 })),
  plan: Type.Optional(Type.String({ maxLength: 50 })),
  code: Type.Optional(Type.String({ maxLength: 200 })),
});

/** Reads the path to continue to after the order; null if absent or not a path of this site. */
export function readNext(request: FastifyRequest): string | null {
  const query: unknown = request.query;
  return typeof query === 'object' && query !== null ? safeNext(textField(query, 'next')) : null;
}
