import { Type } from 'typebox';
import { PageOf } from '#platform/http/schemas';

const rank = Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Lower ranks decide first' });
const allow = Type.Union([Type.String({ maxLength: 255 }), Type.Integer()], {
  description: 'An operator number, or `number/{"parameter": value}`',
});
const is_forward = Type.Boolean({ description: 'True if granted requests are forwarded to the application' });
const engaged = Type.String({ maxLength: 50, description: 'Tags separated by commas' });

export const RuleSchema = Type.Object(
  { rank: Type.Integer(), path: Type.String(), allow: Type.String(), is_forward, engaged },
  { title: 'AccessRule' },
);
export const RulePage = PageOf(RuleSchema);

const rule_path = Type.String({ minLength: 1, maxLength: 255, description: 'Path that requests are matched against' });

export const NewRuleBody = Type.Object({
  rank: Type.Optional(rank),
  path: rule_path,
  allow: Type.Optional(allow),
  is_forward: Type.Optional(is_forward),
  engaged: Type.Optional(engaged),
});
export const RuleChangeBody = Type.Object({
  rank: Type.Optional(rank),
  allow: Type.Optional(allow),
  is_forward: Type.Optional(is_forward),
  engaged: Type.Optional(engaged),
});

const RankMoves = Type.Array(Type.Object({ oldpos: rank, newpos: rank }), { maxItems: 1000 });
const RuleOf2019 = Type.Object({ path: rule_path, ...RuleChangeBody.properties });
export const MoveRulesBody = Type.Union([Type.Object({ updates: RankMoves }), RankMoves, RuleOf2019]);

export const RuleParams = Type.Object({ '*': Type.String({ minLength: 1, maxLength: 300 }) });
