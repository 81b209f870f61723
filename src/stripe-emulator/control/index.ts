import type { Emulator, PageHandler } from '../server/index.ts';
import type { Dispatcher } from '../webhooks/index.ts';
import { controlPages } from './control-pages.ts';
import { controlOf, type Control } from './control.ts';

export type { Control } from './control.ts';

/** Returns the control of an emulator: functions for tests, and the pages that do the same. */
export function makeControl(
  emulator: Emulator,
  dispatcher: Dispatcher,
  setUp: () => void,
): { api: Control; answerPage: PageHandler } {
  const api = controlOf(emulator, dispatcher, setUp);
  return { api, answerPage: controlPages(emulator, dispatcher, api) };
}
