import { PassThrough, type Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { pdfProblems } from './problems.ts';
import { countRows, ROWS_MAX, type Sheet } from './sheet.ts';

/** Threads at the same time; each takes up to MEMORY_MB. */
const THREADS_MAX = 2;
/** Documents that wait for a thread; further ones are refused. */
const WAITING_MAX = 20;
/** Time of fonts and subsets, and of each row: it takes 0.3 ms of one processor, with Han characters 0.6 ms. */
const RENDER_MS = 20_000;
const RENDER_ROW_MS = 3;
const MEMORY_MB = 384;

let running = 0;
const waiting: (() => void)[] = [];

/** Returns the time in which a sheet is drawn, or its thread is ended: it grows with the rows. */
export const renderMsMax = (sheet: Sheet): number => RENDER_MS + RENDER_ROW_MS * countRows(sheet);

/**
 * Draws a sheet as a PDF with embedded fonts, in a thread. The first piece is there when it resolves, so that a failure
 * before it is an ordinary error; a later failure destroys the stream. The libraries are loaded in the thread only.
 * @throws pdf_too_long (400), pdf_busy (503)
 * @see docs/decisions/0101-long-printed-documents.md
 */
export async function renderPdf(
  sheet: Sheet,
  { ms_max = renderMsMax(sheet), memory_mb = MEMORY_MB } = {},
): Promise<Readable> {
  if (countRows(sheet) > ROWS_MAX) throw pdfProblems.pdf_too_long();
  await takeTurn();
  const output = new PassThrough();
  const worker = new Worker(new URL('./pdf-worker.ts', import.meta.url), {
    workerData: sheet,
    resourceLimits: { maxOldGenerationSizeMb: memory_mb },
    // No variable of the process: the thread reads texts of users.
    env: {},
  });
  const timeout = setTimeout(() => output.destroy(pdfProblems.pdf_busy({ retry_after_s: 10 })), ms_max);
  let is_over = false;
  const finish = (): void => {
    if (is_over) return;
    is_over = true;
    clearTimeout(timeout);
    void worker.terminate().finally(endTurn);
  };
  output.once('close', finish);
  worker.once('error', (error: unknown) =>
    output.destroy(isOutOfMemory(error) ? pdfProblems.pdf_too_long() : toError(error)),
  );
  worker.once('exit', () => {
    if (!output.writableEnded) output.destroy(new Error('the thread of a PDF ended early'));
  });
  worker.on('message', (piece: Uint8Array | null) => {
    if (piece !== null) return output.write(piece);
    // The file is complete: a slow client keeps its bytes, and neither the thread nor the time limit.
    output.end();
    finish();
  });
  await new Promise<void>((resolve, reject) => {
    output.once('readable', resolve);
    output.once('error', reject);
  });
  return output;
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

async function takeTurn(): Promise<void> {
  if (running < THREADS_MAX) {
    running += 1;
    return;
  }
  if (waiting.length >= WAITING_MAX) throw pdfProblems.pdf_busy({ retry_after_s: 10 });
  await new Promise<void>((resolve) => waiting.push(resolve));
}

function endTurn(): void {
  const next = waiting.shift();
  if (next) next();
  else running -= 1;
}
