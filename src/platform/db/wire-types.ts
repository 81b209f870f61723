import pg from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;
const NUMERIC = 1700;
const NUMERIC_ARRAY = 1231;
const DATE = 1082;
const DATE_ARRAY = 1182;

function parseInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} does not fit a safe integer`);
  return value;
}

/** A sum of bigints is a numeric; without a fraction it must be a safe integer. */
function parseNumeric(text: string): number {
  return /^-?[0-9]+$/.test(text) ? parseInteger(text) : Number(text);
}

// Cast: the driver's list of type names omits text[], although it has the parser.
const textArray = 1009 as Parameters<typeof pg.types.getTypeParser>[0];
const parseTexts = pg.types.getTypeParser(textArray) as (text: string) => (string | null)[];

function arrayOf(parse: (text: string) => unknown): (text: string) => unknown[] {
  return (text) => parseTexts(text).map((element) => (element === null ? null : parse(element)));
}

/** Parsers of wire text: bigint and numeric become numbers, date stays 'YYYY-MM-DD', timestamptz becomes a Date. */
const parsers = new Map<number, (text: string) => unknown>([
  [INT8, parseInteger],
  [INT8_ARRAY, arrayOf(parseInteger)],
  [NUMERIC, parseNumeric],
  [NUMERIC_ARRAY, arrayOf(parseNumeric)],
  [DATE, (text) => text],
  [DATE_ARRAY, parseTexts],
]);

export const types: pg.CustomTypesConfig = {
  getTypeParser(oid, format): unknown {
    return (format === 'binary' ? undefined : parsers.get(oid)) ?? pg.types.getTypeParser(oid, format);
  },
};
