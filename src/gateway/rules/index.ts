// Access rules: which rule matches a request target, and what its operator requires of the caller.
export { createRule, deleteRule, editedFields, orderVersion, placeRule, updateRule } from './change-rules.ts';
export { denialProblem } from './denial.ts';
export type { CallerFacts, Facts, ProviderFact, RoleFact } from './facts.ts';
export { insertFirstRules } from './first-rules.ts';
export { type Denial, type Operator, operators } from './operators.ts';
export { plainSpelling } from './path-readings.ts';
export { putRule } from './put-rule.ts';
export { parseRequestTarget, type RequestTarget } from './request-target.ts';
export { ruleRoutes } from './routes.ts';
export { makeRuleBook, type RuleBook } from './rule-book.ts';
export { type AllowValue, findParams, type RuleParams, findParam } from './rule-params.ts';
export { findRules, type StoredRule } from './rule-store.ts';
export {
  type AccessRule,
  type CompiledRules,
  findStricterMatches,
  matchRule,
  parseTags,
  type RuleMatch,
  splitPattern,
} from './rule.ts';
export { ruleDeletionUndo } from './undo-deletion.ts';
