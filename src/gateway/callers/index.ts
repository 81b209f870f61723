// Facts about the callers of requests, and the decision of a rule on them.
export { decideMatch } from './decide-match.ts';
export { type KnownCallers, makeKnownCallers } from './known-callers.ts';
export { type KnownCaller, loadCaller, loadCallers } from './load-callers.ts';
export type { FactSettings } from './load-facts.ts';
export type { SessionProfile, SessionSite } from './session-profile.ts';
