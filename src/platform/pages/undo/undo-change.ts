import { commonProblems } from '#kernel/problem';
import { actorId } from '../../actor-id.ts';
import type { Context } from '../../context.ts';
import { inTransaction } from '../../db/database.ts';
import type { DecideAccess } from '../../http/guards/access.ts';
import { sha256Hex } from '../../security/crypto.ts';
import { undoProblems } from './problems.ts';
import { deleteUndo, findUndo } from './undo-store.ts';
import type { AnyUndoType, Undone } from './undo-type.ts';

/**
 * Reverses a change of the caller, once, within 60 seconds, if the caller may still make such a change.
 *
 * @throws undo_unknown (409) also for the entry of another user · permission_denied (403) · undo_refused (409)
 */
export async function undoChange(
  ctx: Context,
  key: string,
  { types, decideAccess }: { types: ReadonlyMap<string, AnyUndoType>; decideAccess: DecideAccess },
): Promise<Undone> {
  const user_id = actorId(ctx);
  if (user_id === null) throw commonProblems.credentials_required();
  const key_hash = sha256Hex(key);
  const entry = await findUndo(ctx.db, { key_hash, user_id, at: ctx.clock.now() });
  const type = entry && types.get(entry.kind);
  if (!entry || !type) throw undoProblems.undo_unknown();
  const inverse = type.parse(entry.inverse) as never; // the type that stored it reads it
  const decision = await decideAccess(ctx.db, ctx.clock, {
    access: type.access,
    actor: ctx.actor,
    site: ctx.site,
    params: type.params(inverse),
    method: 'POST',
  });
  if (!decision.allowed) throw commonProblems.permission_denied();
  return inTransaction(ctx.db, async (tx) => {
    if (!(await deleteUndo(tx, key_hash))) throw undoProblems.undo_unknown();
    return type.undo(ctx, tx, inverse, decision.subject);
  });
}
