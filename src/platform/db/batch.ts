/** Statements of a transaction that are sent together, as one text. */
export interface Batch {
  readonly texts: readonly string[];
  /** Number of the values of each statement. */
  readonly value_counts: readonly number[];
  /** Commits the transaction behind the last statement. */
  readonly commits: boolean;
}

interface Place {
  readonly next: Map<string, Place>;
  /** Texts of the batch that ends here; with the commit, and without. */
  committed: string | null;
  open: string | null;
}

const root: Place = { next: new Map(), committed: null, open: null };
const batches = new Map<string, Batch>();

/** Returns the text that stands for a batch in Kysely's driver. Batches are kept: their texts must repeat. */
export function textOfBatch(batch: Batch): string {
  let place = root;
  for (const text of batch.texts) {
    let found = place.next.get(text);
    if (!found) place.next.set(text, (found = { next: new Map(), committed: null, open: null }));
    place = found;
  }
  const member = batch.commits ? 'committed' : 'open';
  let text = place[member];
  if (text === null) {
    text = `${[...batch.texts, ...(batch.commits ? ['commit'] : [])].join(';\n')};`;
    place[member] = text;
    batches.set(text, batch);
  }
  return text;
}

/** Finds the batch that a text stands for. */
export function findBatch(text: string): Batch | undefined {
  return batches.get(text);
}
