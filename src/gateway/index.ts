// Who may reach what of the application behind the site, and how requests get there.
export { type Gateway, type GatewayOptions, makeGateway } from './gateway.ts';
export { findRules, createRule, insertFirstRules, putRule, updateRule } from './rules/index.ts';
export { removeSessionKeys, openSessionKey, rotateSessionKey } from './sessions/index.ts';
export { changeProxy, type ConnectionCheck, testConnection } from './upstream/index.ts';
