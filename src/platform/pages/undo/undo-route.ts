import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App, HttpOptions } from '../../http/app.ts';
import { undoProblems } from './problems.ts';
import { undoChange } from './undo-change.ts';
import type { AnyUndoType } from './undo-type.ts';

/** Registers `POST /undo/:key/`, which reverses a change that its message offered to undo. */
export function registerUndo(
  app: App,
  { undo_types, decideAccess }: Pick<HttpOptions, 'decideAccess'> & { undo_types: readonly AnyUndoType[] },
): void {
  const types = new Map(undo_types.map((type) => [type.kind, type]));
  app.post(
    '/undo/:key/',
    {
      config: {
        access: { kind: 'authenticated' },
        page: true,
        problems: [undoProblems.undo_unknown, undoProblems.undo_refused, commonProblems.permission_denied],
      },
      schema: { hide: true, params: Type.Object({ key: Type.String({ pattern: '^[0-9a-f]{40}$' }) }) },
    },
    async (request, reply) => {
      const { text, location } = await undoChange(request.ctx, request.params.key, { types, decideAccess });
      return reply.flash('success', text).redirect(location, 303);
    },
  );
}
