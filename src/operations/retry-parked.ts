import { releaseParked } from '#billing';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { findProfileBySlug } from '#profiles';
import { operationProblems } from './problems.ts';

/**
 * Releases a profile that a job leaves alone, and records who did so: the next run of the job tries it again.
 *
 * @throws parked_profile_unknown (404)
 */
export async function retryParked(ctx: Context, slug: string, job: string): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const profile = await findProfileBySlug(tx, slug);
    const released =
      profile && (await releaseParked(tx, { profile_id: profile.id, job }, { by: actorId(ctx), at: ctx.clock.now() }));
    if (!released) throw operationProblems.parked_profile_unknown();
  });
}
