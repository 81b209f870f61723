import { actorId } from '../../actor-id.ts';
import type { Context } from '../../context.ts';
import type { Tx } from '../../db/database.ts';
import { paths } from '../../http/paths.ts';
import { randomKey40, sha256Hex } from '../../security/crypto.ts';
import type { UndoForm } from '../flash.ts';
import { insertUndo } from './undo-store.ts';
import type { UndoType } from './undo-type.ts';

/** Seconds for which a change can be undone. */
export const UNDO_S = 60;

/**
 * Stores how to reverse a change, in the transaction of the change; returns the form for the message about it, or null
 * for a caller who is no user.
 */
export async function offerUndo<Inverse extends object>(
  ctx: Context,
  tx: Tx,
  type: UndoType<Inverse>,
  inverse: NoInfer<Inverse>,
): Promise<UndoForm | null> {
  const user_id = actorId(ctx);
  if (user_id === null) return null;
  const key = randomKey40();
  await insertUndo(tx, {
    key_hash: sha256Hex(key),
    user_id,
    kind: type.kind,
    inverse: type.parse(inverse),
    expires_at: new Date(ctx.clock.now().getTime() + UNDO_S * 1000),
  });
  return { action: paths.undo(key), label: 'Undo' };
}
