import type { FastifyRequest } from 'fastify';
import { sellersSeenBy } from '#platform/http/guards/access';
import type { Charge } from '../records/index.ts';
import { subjectId } from '../subject-id.ts';
import { limitChargeToSellers, getCharge } from './get-charge.ts';
import { presentCharge } from './present-charge.ts';

/**
 * Returns the charge that a route names, if the caller may see it.
 * @throws charge_unknown (404)
 */
export function getSeenCharge(request: FastifyRequest<{ Params: { charge: string } }>): Promise<Charge> {
  return getCharge(request.ctx.db, subjectId(request), request.params.charge, sellersSeenBy(request.subject));
}

/** Presents a charge with the amount that the caller may see of it. */
export async function presentSeenCharge({ ctx, subject }: FastifyRequest, charge: Charge, detail?: string) {
  return presentCharge(await limitChargeToSellers(ctx.db, charge, sellersSeenBy(subject)), detail, ctx.lang);
}
