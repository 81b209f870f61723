import { numberFormatter } from './formatters.ts';
import { processorScale } from './currency.ts';

/** An amount in 1/100 of `unit`, a lower-case ISO 4217 code, for every currency regardless of its decimals. */
export interface Money {
  amount: number;
  unit: string;
}

// oxfmt-ignore
const symbols: Readonly<Record<string, string>> = {
  usd: '$', cad: '$', eur: '€', aed: 'د.إ', afn: 'Afs', all: 'L', amd: 'AMD', ang: 'NAƒ', aoa: 'Kz', ars: '$',
  aud: '$', awg: 'ƒ', azn: 'AZN', bam: 'KM', bbd: 'Bds$', bdt: '৳', bgn: 'BGN', bif: 'FBu', bmd: 'BD$', bnd: 'B$',
  bob: 'Bs.', brl: 'R$', bsd: 'B$', btc: '₿', btn: 'Nu.', bwp: 'P', byn: 'Br', bzd: 'BZ$', cdf: 'F', chf: 'Fr.',
  clp: '$', cny: '¥', cop: 'Col$', crc: '₡', cve: 'Esc', czk: 'Kč', djf: 'Fdj', dkk: 'Kr', dop: 'RD$', dzd: 'د.ج',
  egp: '£', etb: 'Br', fjd: 'FJ$', fkp: '£', gbp: '£', gel: 'GEL', gip: '£', gmd: 'D', gnf: 'FG', gtq: 'Q',
  gyd: 'GY$', hkd: 'HK$', hnl: 'L', htg: 'G', huf: 'Ft', idr: 'Rp', ils: '₪', inr: '₹', isk: 'kr', jmd: 'J$',
  jpy: '¥', kes: 'KSh', kgs: 'сом', khr: '៛', kmf: 'KMF', krw: 'W', kyd: 'KY$', kzt: 'T', lak: 'KN', lbp: '£',
  lkr: 'Rs', lrd: 'L$', lsl: 'M', mad: 'MAD', mdl: 'MDL', mga: 'FMG', mkd: 'MKD', mmk: 'K', mnt: '₮', mop: 'P',
  mro: 'UM', mur: 'Rs', mvr: 'Rf', mwk: 'MK', mxn: '$', myr: 'RM', mzn: 'MT', nad: 'N$', ngn: '₦', nio: 'C$',
  nok: 'kr', npr: 'NRs', nzd: 'NZ$', pab: 'B./', pen: 'S/.', pgk: 'K', php: '₱', pkr: 'Rs.', pln: 'zł', pyg: '₲',
  qar: 'QR', ron: 'L', rsd: 'din.', rub: '₽', rwf: 'RFw', sar: 'SR', sbd: 'SI$', scr: 'SR', sek: 'kr', sgd: 'S$',
  shp: '£', sle: 'Le', sos: 'Sh.', srd: '$', std: 'Db', szl: 'E', thb: '฿', tjs: 'TJS', top: 'T$', try: 'TRY',
  ttd: 'TT$', twd: 'NT$', tzs: 'TZS', uah: 'UAH', ugx: 'USh', uyu: '$U', uzs: 'UZS', vnd: '₫', vuv: 'VT', wst: 'WS$',
  xaf: 'CFA', xcd: 'EC$', xof: 'CFA', xpf: 'F', yer: 'YER', zar: 'R', zmw: 'ZK',
};

/** Throws unless the amount is a safe integer; any other value is a bug, not an input error. */
export function assertAmount(amount: number): asserts amount is number {
  if (!Number.isSafeInteger(amount)) throw new Error(`not an amount in 1/100 of a unit: ${amount}`);
}

/** True if prices may be set in a currency: it has a symbol. */
export function isCurrency(unit: string): boolean {
  return Object.hasOwn(symbols, unit);
}

/** Returns the codes of all currencies that prices may be set in. */
export function currencyCodes(): string[] {
  return Object.keys(symbols).toSorted();
}

/**
 * Formats an amount: `$20.00`, `($356.00)` when negative, `12.00 xyz` for a unit without symbol, `12.00` without unit.
 *
 * A unit of the form `-usd` also means negative. No thousands separator; the decimal mark is that of `lang`.
 */
export function formatMoney(money: { amount: number; unit: string | null }, lang = 'en'): string {
  const { text, negative } = unsignedMoney(money, lang);
  return negative ? `(${text})` : text;
}

/** Formats an amount as `formatMoney`, with a minus sign when negative: `-$356.00`. For files that programs read. */
export function formatSignedMoney(money: { amount: number; unit: string | null }, lang = 'en'): string {
  const { text, negative } = unsignedMoney(money, lang);
  return negative ? `-${text}` : text;
}

function unsignedMoney(
  money: { amount: number; unit: string | null },
  lang: string,
): { text: string; negative: boolean } {
  assertAmount(money.amount);
  const unit = money.unit?.replace(/^-/, '').toLowerCase() ?? null;
  const digits = formatDecimal(Math.abs(money.amount)).replace('.', decimalMark(lang));
  const negative = money.amount < 0 || (money.amount !== 0 && money.unit !== null && money.unit.startsWith('-'));
  if (unit === null || unit === '') return { text: digits, negative };
  const symbol = isCurrency(unit) ? symbols[unit] : undefined;
  return { text: symbol === undefined ? `${digits} ${unit}` : `${symbol}${digits}`, negative };
}

/** Formats an amount as a decimal number with two digits after the point: 2000 → `20.00`, -5 → `-0.05`. */
export function formatDecimal(amount: number): string {
  assertAmount(amount);
  const digits = String(Math.abs(amount)).padStart(3, '0');
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Parses a decimal number exactly: `12.5` → 1250; null for a text that is not a whole number of 1/100. */
export function parseDecimal(text: string): number | null {
  const match = /^(-)?(\d*)(?:\.(\d*))?$/.exec(text.trim());
  if (match === null) return null;
  const [, sign, whole = '', fraction = ''] = match;
  if (whole === '' && fraction === '') return null;
  const cents = fraction.replace(/0+$/, '');
  if (cents.length > 2) return null;
  const amount = Number(`${whole}${cents.padEnd(2, '0')}`);
  if (!Number.isSafeInteger(amount)) return null;
  return sign === '-' && amount !== 0 ? -amount : amount;
}

/**
 * Allocates `total` in proportion to `weights` by largest remainder: the parts add up to `total`.
 *
 * Of equal remainders the earlier part gets the 1/100. When all weights are 0 the parts are equal up to 1/100.
 */
export function allocate(total: number, weights: readonly number[]): number[] {
  assertAmount(total);
  if (weights.length === 0) {
    if (total !== 0) throw new Error('nothing to allocate to');
    return [];
  }
  if (weights.some((weight) => !Number.isSafeInteger(weight) || weight < 0))
    throw new Error('weights are whole and not negative');
  const shares = weights.every((weight) => weight === 0)
    ? weights.map(() => 1n)
    : weights.map((weight) => BigInt(weight));
  const sum = shares.reduce((left, right) => left + right, 0n);
  const size = BigInt(Math.abs(total));
  const parts = shares.map((share, index) => ({ index, part: (size * share) / sum, rest: (size * share) % sum }));
  let missing = size - parts.reduce((left, { part }) => left + part, 0n);
  for (const part of parts.toSorted((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1))) {
    if (missing === 0n) break;
    part.part += 1n;
    missing -= 1n;
  }
  return parts.map(({ part }) => (total < 0 && part !== 0n ? -Number(part) : Number(part)));
}

/** Returns `floor(amount × bps / 10000)`, exact for every safe amount. */
export function portion(amount: number, bps: number): number {
  assertAmount(amount);
  const product = BigInt(amount) * BigInt(bps);
  const quotient = product / 10_000n;
  return Number(product < 0n && product % 10_000n !== 0n ? quotient - 1n : quotient);
}

/** Formats basis points as a percentage: 1000 → `10%`, 1234 → `12.34%`. */
export function formatPercent(bps: number): string {
  assertAmount(bps);
  return bps % 100 === 0 ? `${bps / 100}%` : `${formatDecimal(bps)}%`;
}

/**
 * Returns the step between two amounts that can be charged in a currency: 100 without decimals, else 1. Units: 1/100.
 */
export function chargeStep(unit: string): 1 | 100 {
  return processorScale(unit)?.step ?? 1;
}

/** Rounds an amount towards zero to an amount that can be charged in its currency. */
export function wholeAmount({ amount, unit }: Money): number {
  assertAmount(amount);
  return amount - (amount % chargeStep(unit));
}

/**
 * Converts to the smallest unit of card processors: 1000 jpy (¥10.00) → 10, 512 kwd → 5120.
 * Returns null if the amount is not a multiple of `chargeStep`, or if cards cannot be charged in the currency.
 */
export function toSmallestUnit({ amount, unit }: Money): number | null {
  assertAmount(amount);
  const scale = processorScale(unit);
  if (scale === null || amount % scale.step !== 0) return null;
  if (scale.decimals === 0) return amount / 100;
  const count = amount * 10 ** (scale.decimals - 2);
  return Number.isSafeInteger(count) ? count : null;
}

/**
 * Converts an amount in the smallest unit of card processors to 1/100; further decimals are rounded half away from
 * zero. For the parts of a whole use `partsFromSmallestUnit`: parts that are rounded separately may not add up.
 */
export function fromSmallestUnit(count: number, unit: string): Money {
  assertAmount(count);
  const decimals = processorScale(unit)?.decimals ?? 2;
  if (decimals <= 2) return { amount: decimals === 0 ? count * 100 : count, unit };
  const divisor = 10 ** (decimals - 2);
  const rounded = Math.round(Math.abs(count) / divisor);
  return { amount: count < 0 && rounded !== 0 ? -rounded : rounded, unit };
}

/**
 * Converts the amounts of a charge to 1/100: the whole first, then the net amount; the fee is the difference.
 * Net and fee add up to the whole in every currency, and neither is negative.
 * @public used by the adapters of processors
 */
export function partsFromSmallestUnit(
  { whole, net }: { whole: number; net: number },
  unit: string,
): { whole: number; net: number; fee: number } {
  if (net < 0 || net > whole) throw new Error(`${net} is no part of ${whole}`);
  const [whole_amount, net_amount] = [fromSmallestUnit(whole, unit).amount, fromSmallestUnit(net, unit).amount];
  return { whole: whole_amount, net: net_amount, fee: whole_amount - net_amount };
}

/**
 * Allocates an amount like `allocate`, in steps that can be charged in its currency: whole yen for whole yen.
 * An amount that is not a multiple of the step is allocated in 1/100.
 */
export function allocateMoney({ amount, unit }: Money, weights: readonly number[]): number[] {
  const step = amount % chargeStep(unit) === 0 ? chargeStep(unit) : 1;
  return allocate(amount / step, weights).map((part) => part * step);
}

function decimalMark(lang: string): string {
  if (lang === 'en' || lang.startsWith('en-')) return '.';
  try {
    return (
      numberFormatter(lang, {})
        .formatToParts(1.5)
        .find(({ type }) => type === 'decimal')?.value ?? '.'
    );
  } catch {
    return '.'; // not a language tag
  }
}
