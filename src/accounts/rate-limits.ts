import type { RateLimit } from '#platform/throttle';

const quarter_s = 900;
const hour_s = 3600;

/** Failed sign-ins for one name from one address. */
export const signInLimit: RateLimit = { name: 'sign-in', max: 10, window_s: quarter_s };
/** Failed sign-ins from one address whatever the name: a list of passwords tried on a list of names. */
export const signInPeerLimit: RateLimit = { name: 'sign-in-peer', max: 100, window_s: quarter_s };
/** Failed repetitions of a password by one signed-in user. */
export const secretLimit: RateLimit = { name: 'secret', max: 10, window_s: quarter_s };
export const recoverLimit: RateLimit = { name: 'recover', max: 3, window_s: hour_s };
export const recoverPeerLimit: RateLimit = { name: 'recover-peer', max: 20, window_s: hour_s };
/** Mails nobody asked for by name, to one address: the rest are dropped in silence. */
export const mailLimit: RateLimit = { name: 'mail', max: 1, window_s: 600 };
/** Codes sent to one address. */
export const codeLimit: RateLimit = { name: 'code', max: 5, window_s: quarter_s };
/** Links tried from one address. */
export const keyLimit: RateLimit = { name: 'key', max: 60, window_s: quarter_s };
/** New addresses that one user asks for: the answers tell which are taken, and some send a code. */
export const addressLimit: RateLimit = { name: 'address', max: 10, window_s: hour_s };
