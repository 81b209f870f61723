import { findAsset, makeErrorPage, renderFrame, type PageResponse } from '../pages/index.ts';
import type { CallRequest, Emulator } from '../server/index.ts';
import { answerChallenge } from './answer-challenge.ts';
import { answerCheckout } from './answer-checkout.ts';
import { answerConsole, answerObject, answerObjects, type TriedDelivery } from './answer-console.ts';
import { answerOnboarding } from './answer-onboarding.ts';
import { answerReceipt } from './answer-receipt.ts';
import { readPageRequest, workOnPage, type PageRequest } from './page-work.ts';

/** What the pages show beside the state. */
export interface SiteSettings {
  /** The emulator was started for other machines than this one. */
  readonly is_public: boolean;
  /** Deliveries that were tried, in their order. */
  readonly attempts: () => readonly TriedDelivery[];
}

type Answer = (emulator: Emulator, id: string, request: PageRequest, site: SiteSettings) => PageResponse;

// oxfmt-ignore
const pages: readonly (readonly [path: RegExp, methods: string, answer: Answer])[] = [
  [/^\/3ds\/([\w-]{1,255})$/,                'GET POST', (emulator, id, request, site) => answerChallenge(emulator, id, request, site.is_public)],
  [/^\/c\/pay\/([\w-]{1,255})$/,             'GET POST', (emulator, id, request) => answerCheckout(emulator, id, request, false)],
  [/^\/c\/pay\/([\w-]{1,255})\/return$/,     'GET',      (emulator, id, request) => answerCheckout(emulator, id, request, true)],
  [/^\/connect\/setup\/(\w{1,100})$/,        'GET POST', answerOnboarding],
  [/^\/receipts\/([\w-]{1,255})$/,           'GET',      answerReceipt],
  [/^\/elements\/(card|controller)$/,        'GET',      answerFrame],
  [/^\/_emulator()\/?$/,                     'GET',      (emulator, _id, _request, site) => answerConsole(emulator, site.attempts())],
  [/^\/_emulator\/objects()$/,               'GET',      (emulator, _id, request) => answerObjects(emulator, request)],
  [/^\/_emulator\/objects\/([\w-]{1,255})$/, 'GET POST', answerObject],
];

/** Answers the pages and scripts of the emulator; null for every other path. */
export function answerPage(emulator: Emulator, request: CallRequest, site: SiteSettings): PageResponse | null {
  const { method, pathname } = request;
  const asset = method === 'GET' ? findAsset(pathname, site.is_public) : undefined;
  if (asset) return asset;
  const found = pages.find(([path]) => path.test(pathname));
  if (method !== 'GET' && (found || pathname.startsWith('/_emulator/')) && isOfOtherOrigin(emulator, request)) {
    return makeErrorPage(403, 'Not allowed', 'The form is on a page of another origin.');
  }
  if (!found) return null;
  const [path, methods, answer] = found;
  if (!methods.split(' ').includes(method)) return makeErrorPage(405, 'Not allowed', 'This page has no form.');
  const id = path.exec(pathname)?.[1] ?? '';
  return workOnPage(emulator, () => answer(emulator, id, readPageRequest(request), site));
}

function answerFrame(_: Emulator, kind: string, { fields }: PageRequest, { is_public }: SiteSettings): PageResponse {
  const frame = renderFrame(kind, fields['origin'] ?? '', is_public);
  return frame ?? makeErrorPage(400, 'Not valid', 'The parameter `origin` is no origin.');
}

/** Pages of other sites must not press these buttons or call the control. Programs send no `Origin`. */
function isOfOtherOrigin({ settings }: Emulator, { headers }: CallRequest): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origin === 'null') return origin === 'null';
  return origin !== new URL(settings.base_url).origin && origin !== `http://${host}`;
}
