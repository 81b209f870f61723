import { type Static, Type } from 'typebox';
import { presentAllow } from './allow.ts';
import type { AccessRule } from './rule.ts';

/** A deleted rule, with which the deletion is undone. */
export const DeletedRule = Type.Object({
  rank: Type.Integer(),
  path: Type.String(),
  /** As in the API. */
  allow: Type.String(),
  is_forward: Type.Boolean(),
  engaged: Type.String(),
});
export type DeletedRule = Static<typeof DeletedRule>;

export function deletedRule({ rank, path, allow, is_forward, engaged }: AccessRule): DeletedRule {
  return { rank, path, allow: presentAllow(allow), is_forward, engaged };
}
