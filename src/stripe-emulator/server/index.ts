export type { CallRequest } from './answer-call.ts';
export type { Answer } from './error-answer.ts';
export { Emulator, type EmulatorClock, type LoggedRequest } from './emulator.ts';
export { makeServer, type PageHandler } from './http-server.ts';
export { addKey, revokeKey } from './key-ring.ts';
