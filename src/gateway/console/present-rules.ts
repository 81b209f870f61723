import { type Static, Type } from 'typebox';
import type { AccessRuleId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { parseTags, type StoredRule } from '../rules/index.ts';
import type { RuleNames } from './rule-names.ts';
import { describeRule } from './rule-words.ts';

export const RuleRow = Type.Object({
  id: Type.Integer(),
  position: Type.Integer(),
  path: Type.String(),
  /** The path in parts after which a line may break. */
  path_parts: Type.Array(Type.String()),
  tags: Type.String(),
  who: Type.String(),
  others: Type.String(),
  is_forward: Type.Boolean(),
  is_first: Type.Boolean(),
  is_last: Type.Boolean(),
  edit_url: Type.String(),
  delete_url: Type.String(),
  /** Button that keeps the focus after a move. */
  focus: Type.Union([Type.Null(), Type.Enum(['up', 'down', 'grab'])]),
});
export type RuleRow = Static<typeof RuleRow>;

/** The rule that was moved, and the button by which. */
export interface MovedRule {
  readonly rule_id: AccessRuleId;
  readonly by: 'up' | 'down' | 'grab';
}

/** Presents the rules in the order in which they decide. */
export function presentRules(rules: readonly StoredRule[], names: RuleNames, moved: MovedRule | null): RuleRow[] {
  return rules.map((rule, index) => {
    const place = { is_first: index === 0, is_last: index === rules.length - 1 };
    return {
      id: rule.id,
      position: index + 1,
      path: rule.path,
      path_parts: rule.path.split(/(?<=\/)/),
      tags: parseTags(rule.engaged).join(', '),
      ...describeRule(rule, names),
      is_forward: rule.is_forward,
      ...place,
      edit_url: paths.rule(rule.id),
      delete_url: paths.deleteRule(rule.id),
      focus: moved?.rule_id === rule.id ? focusOf(moved.by, place) : null,
    };
  });
}

/** The pressed button, or the other one when the rule arrived at an end of the list. */
function focusOf(
  by: MovedRule['by'],
  { is_first, is_last }: { is_first: boolean; is_last: boolean },
): RuleRow['focus'] {
  if (by === 'up' && is_first) return is_last ? null : 'down';
  if (by === 'down' && is_last) return is_first ? null : 'up';
  return by;
}
