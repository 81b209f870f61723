import type { FastifyReply, FastifyRequest } from 'fastify';
import { findUserById, type User } from '#accounts';
import type { CartOwner } from '../records/index.ts';
import { mergeVisitorCart } from './merge-visitor-cart.ts';

/**
 * Returns the owner of the caller's cart: the signed-in user, otherwise the browser, which gets a visitor cookie.
 * Moves the cart that the browser filled before sign-in to the user.
 */
export async function openCart(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<{ owner: CartOwner; user: User | null }> {
  const { ctx } = request;
  if (ctx.actor.kind !== 'user') return { owner: { visitor_hash: reply.ensureVisitor() }, user: null };
  await mergeVisitorCart(ctx);
  return { owner: { user_id: ctx.actor.user_id }, user: (await findUserById(ctx.db, ctx.actor.user_id)) ?? null };
}
