export { authenticate } from './authenticate.ts';
export { type OpenedSession, openSession, type SessionOpening } from './open-session.ts';
export { sessionRoutes } from './routes.ts';
export { giveCookie, isFlagSet, sessionKind } from './session-reply.ts';
export { deleteSessionsBefore, endSession, endSessions } from './session-store.ts';
export { signOut } from './sign-out.ts';
export { lockStanding, refuseApiKey } from './standing.ts';
export { type OpenCaller, stillSignedIn } from './still-signed-in.ts';
