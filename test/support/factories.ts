/**
 * Numbers for names that must differ within one test file: `next('user')` is user-1, user-2, …
 * The files of factories/, one per room, make the rows through the room's door.
 */
const counts = new Map<string, number>();

export function next(word: string): string {
  const count = (counts.get(word) ?? 0) + 1;
  counts.set(word, count);
  return `${word}-${count}`;
}
