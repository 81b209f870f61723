import type { FastifyReply, FastifyRequest } from 'fastify';
import { cutText } from '#kernel/text';
import { setCookie } from '../http/cookies.ts';
import { safeNext } from '../http/next.ts';

export type FlashLevel = 'success' | 'info' | 'warning' | 'error';

/** Form of a message that takes back what the message reports. */
export interface UndoForm {
  /** Path of this site that accepts the POST. */
  action: string;
  /** Text of the button: a verb, with its object where the message does not name it. */
  label: string;
  /** Hidden fields. */
  fields?: Readonly<Record<string, string>>;
}

/** A message for the next page. */
export interface Message {
  level: FlashLevel;
  text: string;
  undo?: UndoForm;
}

const MESSAGES_MAX = 5;
const TEXT_LENGTH_MAX = 500;
/** Browsers refuse cookies of more than 4096 bytes with their name. */
const COOKIE_LENGTH_MAX = 3800;
const STORED_S = 300;

/** Stores a message for the next page in a cookie. The oldest messages are dropped when the cookie is full. */
export function storeFlash(reply: FastifyReply, message: Message): void {
  const { level, text, undo } = message;
  const stored = { level, text: cutText(text, TEXT_LENGTH_MAX), ...(undo === undefined ? {} : { undo }) };
  // A reply may store several messages: the cookie of the request does not have the earlier ones.
  const waiting = stored_messages.get(reply) ?? readFlash(reply.request);
  const messages = [...waiting, stored].slice(-MESSAGES_MAX);
  while (messages.length > 1 && encode(messages).length > COOKIE_LENGTH_MAX) messages.shift();
  stored_messages.set(reply, messages);
  setCookie(reply, reply.server.cookieNames.flash, encode(messages), { max_age_s: STORED_S });
}

const stored_messages = new WeakMap<FastifyReply, Message[]>();

function encode(messages: readonly Message[]): string {
  return Buffer.from(JSON.stringify(messages)).toString('base64url');
}

/** Returns the messages in the cookie of a request. A malformed cookie holds no message. */
export function readFlash(request: FastifyRequest): Message[] {
  const text = request.cookies[request.server.cookieNames.flash];
  if (text === undefined) return [];
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) ? value.filter(isMessage).slice(-MESSAGES_MAX) : [];
  } catch {
    return []; // a malformed cookie
  }
}

const levels: readonly unknown[] = ['success', 'info', 'warning', 'error'] satisfies FlashLevel[];

function isMessage(value: unknown): value is Message {
  if (!isRecord(value) || !levels.includes(value['level']) || typeof value['text'] !== 'string') return false;
  return value['undo'] === undefined || isUndoForm(value['undo']);
}

/** True for a form that posts to this site: the cookie is not signed. */
function isUndoForm(value: unknown): value is UndoForm {
  if (!isRecord(value) || typeof value['label'] !== 'string') return false;
  const { action, fields = {} } = value;
  if (typeof action !== 'string' || safeNext(action) === null) return false;
  return isRecord(fields) && Object.values(fields).every((field) => typeof field === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
