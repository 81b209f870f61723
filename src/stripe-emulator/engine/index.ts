export { ApiError, invalidRequest, missingObject, unsupported } from './api-error.ts';
export type {
  Call,
  Context,
  EmulatorSettings,
  Endpoint,
  Fault,
  Kind,
  Kinds,
  PageAnswer,
  PageRequest,
  PageRoute,
} from './context.ts';
export { planTask, runDue, type DueRow } from './due.ts';
export { API_VERSION, emit, inScope, planDelivery, type DeliveryRow, type StoredEvent } from './emit.ts';
export { defineEndpoint, pathId } from './endpoint.ts';
export { canonicalText, isHash, parseForm, rawOf, type RawHash } from './form.ts';
export { dropOldKeys, findStored, finishKey, releaseKey, startKey, type KeyedCall } from './idempotency.ts';
export { defineList, defineRetrieve, findOr404, innerList, list_params, pageOf, span, texts } from './list.ts';
export {
  assertExclusive,
  boolean,
  choice,
  free,
  hash,
  integer,
  list,
  mergeMetadata,
  metadata,
  required,
  text,
  unsettable,
  type Param,
  type Values,
} from './param.ts';
export { present, presentObject } from './present.ts';
export { defineSearch } from './search.ts';
export { HIDDEN, type Scope, type StoredObject } from './stored-object.ts';
export { scopeName, scopeOf, World, type Row } from './world.ts';
