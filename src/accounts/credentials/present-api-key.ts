import type { Static } from 'typebox';
import type { ApiKeyRow } from '../schemas.ts';
import type { ApiKeyEntry } from './api-key-store.ts';

/** Presents an API key without its private half, which is stored as a hash only. */
export function presentApiKey(key: ApiKeyEntry): Static<typeof ApiKeyRow> {
  return {
    ...key,
    created_at: key.created_at.toISOString(),
    ends_at: key.ends_at?.toISOString() ?? null,
    last_used_at: key.last_used_at?.toISOString() ?? null,
  };
}
