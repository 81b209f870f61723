import { addAbortSignal, Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import type { FastifyReply } from 'fastify';
import { dayOf } from './day-range.ts';
import { type CsvColumn, csvCell, withoutFormula } from './csv-cell.ts';

/** A download of a list. */
export interface CsvFile<Row> {
  /** Base of the file name: letters, digits, `-` and `_`; others are removed. */
  readonly name: string;
  readonly columns: readonly CsvColumn<Row>[];
  /** All rows of the list in batches. It is read as fast as the client receives, and ended when the client leaves. */
  readonly batches: AsyncIterable<readonly Row[]>;
  /** Zone of the days in the file and in its name. */
  readonly timezone: string;
}

/** Longest time of a download; then the connection is closed, so that the client sees a broken transfer. */
const DOWNLOAD_MS_MAX = 600_000;

/**
 * Responds with a CSV file (RFC 4180, UTF-8, header row) named `<name>-YYYYMMDD.csv`, one batch at a time.
 *
 * The first batch is read before the response begins: its failure is an ordinary error. A later failure ends the
 * connection without the end of the response.
 */
export async function sendCsv<Row>(
  reply: FastifyReply,
  file: CsvFile<Row>,
  { ms_max = DOWNLOAD_MS_MAX } = {},
): Promise<FastifyReply> {
  const batches = file.batches[Symbol.asyncIterator]();
  const first = await batches.next();
  const name = file.name.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 100) || 'list';
  const day = dayOf(reply.request.ctx.clock.now(), file.timezone).replaceAll('-', '');
  reply.type('text/csv; charset=utf-8').header('content-disposition', `attachment; filename="${name}-${day}.csv"`);
  if (reply.request.method === 'HEAD') {
    // The framework would read the whole stream to respond without a body.
    await batches.return?.();
    return reply.send(Readable.from([]));
  }
  // Also for a client that stops reading: no further batch is asked for, so that nothing else would end the download.
  return reply.send(addAbortSignal(AbortSignal.timeout(ms_max), Readable.from(csvText(file, first, batches))));
}

/** Yields the text of the file: the header row, then one text per batch. */
async function* csvText<Row>(
  { columns, timezone }: CsvFile<Row>,
  first: IteratorResult<readonly Row[]>,
  batches: AsyncIterator<readonly Row[]>,
): AsyncGenerator<string> {
  try {
    yield stringifyRows([columns.map(({ heading }) => withoutFormula(heading))]);
    for (let batch = first; batch.done !== true; batch = await batches.next()) {
      if (batch.value.length === 0) continue;
      yield stringifyRows(batch.value.map((row) => columns.map((column) => csvCell(column, row, timezone))));
    }
  } finally {
    await batches.return?.();
  }
}

function stringifyRows(rows: readonly (readonly string[])[]): string {
  return stringify([...rows], { record_delimiter: 'windows' });
}
