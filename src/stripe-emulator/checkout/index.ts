import type { Kind } from '../engine/index.ts';
import { customer_session_kind } from './customer-sessions.ts';
import { checkout_session_kind } from './sessions.ts';
import { token_kind } from './tokens.ts';

/** Kinds of the hosted page and of pages with scripts. */
export const checkout_kinds: readonly Kind[] = [checkout_session_kind, customer_session_kind, token_kind];

export { paySession } from './pay-session.ts';
export { completeSessions, successUrlOf, type Session } from './session.ts';
