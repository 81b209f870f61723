import type { Static } from 'typebox';
import type { PaymentContext, SetupReport } from '../processors/index.ts';
import { ProcessorSetupError } from '../processors/index.ts';
import type { SetupPart } from './setup-part.ts';

/** The page asks the processor again after this time. */
const FRESH_MS = 600_000;

/** How long a page waits for the processor. A check that takes longer goes on, and the next page shows its report. */
export const PAGE_WAIT_MS = 4000;

type Setup = NonNullable<PaymentContext['processors']['chosen']['setup']>;
type Shown = Static<typeof SetupPart>;

const REFUSED =
  'The processor refuses the key of this site: no payment is possible. Orders wait for a new key, which a manager can store below.';
const SLOW = 'The processor does not respond. Payments may work all the same. Check again in a minute.';

/**
 * Loads what the processor says about the key, the permissions and the endpoints of the site, for the page of the
 * broker; null for a processor without a key. The processor is asked at most every ten minutes unless `is_asked`. Waits
 * for PAGE_WAIT_MS at most: without a response the last report is shown, if this process has one.
 */
export async function viewSetup(
  { processors, origin, clock, log }: PaymentContext,
  { is_asked, may_edit }: { is_asked: boolean; may_edit: boolean },
): Promise<Shown | null> {
  const { setup } = processors.chosen;
  if (setup === null) return null;
  const before = await setup.findLastReport();
  const isFresh = before !== null && clock.now().getTime() - before.at.getTime() < FRESH_MS;
  const detail = isFresh && !is_asked && !setup.isRefused() ? '' : await checkInTime(setup, origin, log);
  const last = await setup.findLastReport();
  const { set_at, ...keys } = await setup.findShownKeys();
  return {
    detail,
    checked_at: last?.at.toISOString() ?? null,
    keys: may_edit ? { ...keys, set_at: set_at?.toISOString() ?? null } : null,
    report: last && presentReport(last.report),
  };
}

/** Asks the processor. Returns why there is no new report; empty if there is one. */
async function checkInTime(setup: Setup, origin: string, log: PaymentContext['log']): Promise<string> {
  const checked = setup.check(origin).then(
    () => '',
    (error: unknown) => {
      log.warn({ err: error }, 'the payment processor could not be asked about the setup');
      return error instanceof ProcessorSetupError ? REFUSED : SLOW;
    },
  );
  return withinWait(checked, SLOW);
}

/** Resolves with `late` if `work` takes longer than a page waits. The work goes on, and its error is ignored then. */
export async function withinWait<T>(work: Promise<T>, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const wait = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), PAGE_WAIT_MS);
  });
  return Promise.race([work, wait]).finally(() => clearTimeout(timer));
}

const labels = { platform: 'Messages about this account', connect: 'Messages about accounts of providers' } as const;

/** Presents a report. Pure. */
export function presentReport(report: SetupReport): NonNullable<Shown['report']> {
  const { account, mode, endpoints, missing_permissions, api_version, faults } = report;
  return {
    faults: [...faults],
    facts: [
      { label: 'Account', value: account === null ? 'The key may not read it' : `${account.name}, ${account.key}` },
      ...(account === null ? [] : [{ label: 'Country and currency', value: placeOf(account) }]),
      { label: 'Mode', value: mode === 'live' ? 'Live' : 'Test: no money moves' },
      {
        label: 'Permissions',
        value: missing_permissions.length === 0 ? 'Complete' : `Missing: ${missing_permissions.join(', ')}`,
      },
      ...endpoints.map(({ name, url, state }) => ({ label: labels[name], value: stateText(state), hint: url })),
      { label: 'Version of the API', value: api_version },
    ].map((fact) => ({ hint: '', ...fact })),
  };
}

function placeOf({ country, unit }: NonNullable<SetupReport['account']>): string {
  return `${country}, ${unit.toUpperCase()}`;
}

function stateText(state: string): string {
  if (state === 'ok') return 'Registered';
  if (state === 'missing') return 'Not registered';
  return state === 'unknown' ? 'The key may not read it' : `Registered, but ${state}`;
}
