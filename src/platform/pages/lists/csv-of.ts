import type { ListQuery, Page } from '#kernel/page';
import { readPages } from '../../lists/read-batches.ts';
import type { AskedList } from './ask-list.ts';
import type { CsvColumn } from './csv-cell.ts';
import type { CsvFile } from './send-csv.ts';

interface CsvParts<Row> {
  /** Base of the file name. */
  readonly name: string;
  readonly columns: readonly CsvColumn<Row>[];
}

/** Returns the download of a list whose rows come in batches (`readBatches`), as its address asks for them. */
export function csvOf<Row>(
  { list, reader }: AskedList,
  { name, columns, batches }: CsvParts<Row> & { batches: (list: ListQuery) => AsyncIterable<readonly Row[]> },
): CsvFile<Row> {
  return { name, columns, timezone: reader.timezone, batches: batches(list) };
}

/**
 * As `csvOf`, for a list function of a room: it is called for each page.
 * @public used by pages of lists
 */
export function csvOfPages<Row>(
  asked: AskedList,
  { name, columns, read }: CsvParts<Row> & { read: (list: ListQuery) => Promise<Page<Row>> },
): CsvFile<Row> {
  return csvOf(asked, { name, columns, batches: (list) => readPages(list, read) });
}
