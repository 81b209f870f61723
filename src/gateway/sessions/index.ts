// The session that the application receives about the caller of a forwarded request.
export { truncateSession, type SessionConcern } from './bound-session.ts';
export { type ExampleNeeds, getExampleSession } from './example-session.ts';
export { sessionRoutes } from './routes.ts';
export { makeSessionCarriers, type SessionCarriers } from './session-carriers.ts';
export { keyFields, removeSessionKeys, openSessionKey, rotateSessionKey } from './session-key.ts';
export { carriedBytes, type SessionCarrier } from './session-token.ts';
export { makeSession } from './session.ts';
