// Facts about the callers of requests, and the decision of a rule on them.
export type { FactSettings } from './collect-facts.ts';
export { decideMatch } from './decide-match.ts';
export { decideWith, type Fact, type FactMemory, makeFactMemory, noMemory, type ReadFact } from './fact.ts';
export { callerFact, type KnownCaller, loadCaller, loadCallers } from './load-callers.ts';
export type { SessionProfile, SessionSite } from './session-profile.ts';
