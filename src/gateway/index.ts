// Who may reach what of the application behind the site, and how requests get there.
export { parseAllow, presentAllow } from './allow.ts';
export { insertFirstRules } from './first-rules.ts';
export { type Gateway, type GatewayOptions, makeGateway } from './gateway.ts';
export { createRule, deleteRule, moveRules, type RuleInput, updateRule } from './change-rules.ts';
export { changeProxy } from './change-proxy.ts';
export { gatewayProblems } from './problems.ts';
export { insertRule } from './rule-store.ts';
export { upsertVisits, type NewVisit } from './engagement-store.ts';
export { openSessionKey, replaceSessionKey, rotateSessionKey } from './session-key.ts';
