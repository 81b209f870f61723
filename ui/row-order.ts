/** A row between others: the middle of each, from the top of the window, in pixels. */
export type Middles = readonly number[];

/** Returns the index at which a dragged row belongs: it passes a row when the pointer passes the middle of that row. */
export function draggedIndex(middles: Middles, current: number, y: number): number {
  let index = current;
  while (index > 0 && y < (middles[index - 1] ?? 0)) index -= 1;
  while (index < middles.length - 1 && y > (middles[index + 1] ?? 0)) index += 1;
  return index;
}

/** What a key does to a row: a row that is not grabbed only answers to the space bar and Enter. */
export type RowKey = 'grab' | 'drop' | 'cancel' | 'up' | 'down' | 'first' | 'last' | null;

export function rowKey(key: string, is_grabbed: boolean): RowKey {
  if (key === ' ' || key === 'Enter') return is_grabbed ? 'drop' : 'grab';
  if (!is_grabbed) return null;
  switch (key) {
    case 'Escape':
      return 'cancel';
    case 'ArrowUp':
      return 'up';
    case 'ArrowDown':
      return 'down';
    case 'Home':
      return 'first';
    case 'End':
      return 'last';
    default:
      return null;
  }
}
