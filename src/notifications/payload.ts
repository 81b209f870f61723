import type { JsonObject, ProfileId, UserId } from '#platform/db/db-schema';

/** Reads members of an event's payload: it comes from the outbox, where an older version of the program may have written it. */

export function textIn(payload: JsonObject, member: string): string | null {
  const value = payload[member];
  return typeof value === 'string' ? value : null;
}

export function numberIn(payload: JsonObject, member: string): number {
  const value = payload[member];
  return typeof value === 'number' ? value : 0;
}

export function objectIn(payload: JsonObject, member: string): JsonObject {
  const value = payload[member];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

export function objectsIn(payload: JsonObject, member: string): JsonObject[] {
  const value = payload[member];
  if (!Array.isArray(value)) return [];
  return value.flatMap((each) => (typeof each === 'object' && each !== null && !Array.isArray(each) ? [each] : []));
}

export function userIdIn(payload: JsonObject, member: string): UserId | null {
  const value = payload[member];
  return typeof value === 'number' ? (value as UserId) : null; // the member is named for what it holds
}

export function profileIdIn(payload: JsonObject, member: string): ProfileId | null {
  const value = payload[member];
  return typeof value === 'number' ? (value as ProfileId) : null; // likewise
}
