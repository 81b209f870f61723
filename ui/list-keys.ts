/** What a key press on a page of a list says. */
export interface PressedKey {
  readonly key: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly defaultPrevented: boolean;
}

/** Returns the key of a list that was pressed; null for any other key, with Alt, Control or Meta, and in a field. */
export function shownKey(event: PressedKey, is_in_field: boolean): '/' | '?' | 'j' | 'k' | null {
  if (is_in_field || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return null;
  const { key } = event;
  return key === '/' || key === '?' || key === 'j' || key === 'k' ? key : null;
}

/** Returns the row that `j` (next) or `k` (previous) moves to from a row, -1 for none; the first and last row stay. */
export function movedRow(current: number, count: number, key: 'j' | 'k'): number {
  if (current < 0) return key === 'j' ? 0 : count - 1;
  return Math.min(Math.max(current + (key === 'j' ? 1 : -1), 0), count - 1);
}
