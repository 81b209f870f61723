export { authenticate, type CredentialSource, peekCaller } from './authenticate.ts';
export { type OpenedSession, openSession, type SessionOpening } from './open-session.ts';
export { userSessionRoutes } from './routes.ts';
export { sendSessionCookie, isFlagSet, readSessionKind } from './session-reply.ts';
export { deleteSessionsBefore, endSession, endSessions } from './session-store.ts';
export { signOut } from './sign-out.ts';
export { lockUserForChange } from './lock-user-for-change.ts';
export { type ConnectedCaller, findAuthenticatedCallers } from './find-authenticated-callers.ts';
