import { PassThrough, type Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { pdfProblems } from './problems.ts';
import { countRows, ROWS_MAX, type Sheet } from './sheet.ts';

/** Threads at the same time; each takes up to MEMORY_MB. */
const THREADS_MAX = 2;
/** Documents that wait for a thread; further ones are refused. */
const WAITING_MAX = 20;
const RENDER_MS_MAX = 20_000;
const MEMORY_MB = 384;

let running = 0;
const waiting: (() => void)[] = [];

/**
 * Draws a sheet as a PDF with embedded fonts, in a thread. The first piece is there when it resolves, so that a failure
 * before it is an ordinary error; a later failure destroys the stream. The libraries are loaded in the thread only.
 * @throws pdf_too_long (400), pdf_busy (503)
 * @see docs/decisions/0072-printed-documents.md
 */
export async function renderPdf(sheet: Sheet, { ms_max = RENDER_MS_MAX } = {}): Promise<Readable> {
  if (countRows(sheet) > ROWS_MAX) throw pdfProblems.pdf_too_long();
  await takeTurn();
  const output = new PassThrough();
  const worker = new Worker(new URL('./pdf-worker.ts', import.meta.url), {
    workerData: sheet,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
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
  worker.once('error', (error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))));
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
