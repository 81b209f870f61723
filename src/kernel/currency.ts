/**
 * Currencies of ISO 4217 (List One of 2025) by their number of decimals ("minor unit").
 * @see https://www.six-group.com/en/products-services/financial-information/data-standards.html
 */
// oxfmt-ignore
const MINOR_UNITS: Readonly<Record<0 | 2 | 3 | 4, string>> = {
  0: 'bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf',
  2: 'aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob bov brl bsd btn bwp byn bzd cad cdf che chf chw ' +
    'cny cop cou crc cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl htg huf idr ils ' +
    'inr irr jmd kes kgs khr kpw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn mxv myr mzn ' +
    'nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc ' +
    'syp szl thb tjs tmt top try ttd twd tzs uah usd usn uyu uzs ved ves wst xad xcd xcg yer zar zmw zwg',
  3: 'bhd iqd jod kwd lyd omr tnd',
  4: 'clf uyw',
};

/** Codes of ISO 4217 that have no minor unit: metals, units of account, testing. Cards cannot be charged in them. */
const WITHOUT_MINOR_UNIT: ReadonlySet<string> = new Set(
  'xag xau xba xbb xbc xbd xdr xpd xpt xsu xts xua xxx'.split(' '),
);

export type Decimals = 0 | 2 | 3 | 4;

const isDecimals = (decimals: number): decimals is Decimals => decimals in MINOR_UNITS;

const decimalsByCode: ReadonlyMap<string, Decimals> = new Map(
  Object.entries(MINOR_UNITS).flatMap(([decimals, codes]) =>
    codes.split(' ').map((code): [string, Decimals] => {
      const number = Number(decimals);
      return [code, isDecimals(number) ? number : 2];
    }),
  ),
);

/** Number of decimals of a currency according to ISO 4217; 2 for a code that the standard does not list. */
export function currencyDecimals(unit: string): Decimals {
  return decimalsByCode.get(unit) ?? 2;
}

/**
 * Decimals of card processors that differ from ISO 4217. Processors do not accept 1/5 ariary. They count króna and
 * shilling in 1/100, although these have no decimals; the last two digits must be 00.
 * @see https://docs.stripe.com/currencies#special-cases
 */
const PROCESSOR_DECIMALS: ReadonlyMap<string, Decimals> = new Map([
  ['mga', 0],
  ['isk', 2],
  ['ugx', 2],
]);

/** Unit of a processor: decimals of its smallest unit, and the step between amounts that can be charged. */
export interface ProcessorScale {
  decimals: Decimals;
  /** Units: 1/100 of the currency. */
  step: 1 | 100;
}

/** Returns the unit of card processors for a currency; null if cards cannot be charged in it. */
export function processorScale(unit: string): ProcessorScale | null {
  if (WITHOUT_MINOR_UNIT.has(unit)) return null;
  const decimals = PROCESSOR_DECIMALS.get(unit) ?? currencyDecimals(unit);
  return { decimals, step: decimals === 0 || currencyDecimals(unit) === 0 ? 100 : 1 };
}
