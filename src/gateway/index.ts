// Who may reach what of the application behind the site, and how requests get there.
export { checkEntryPoint, type ConnectionCheck } from './check-entry-point.ts';
export { changeProxy } from './change-proxy.ts';
export { createRule, updateRule } from './change-rules.ts';
export { insertFirstRules } from './first-rules.ts';
export { type Gateway, type GatewayOptions, makeGateway } from './gateway.ts';
export { putRule } from './put-rule.ts';
export { allRules } from './rule-store.ts';
export { dropSessionKeys, openSessionKey, rotateSessionKey } from './session-key.ts';
