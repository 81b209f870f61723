import type { Browser, Page } from 'playwright-core';
import { requireAccessible } from './accessibility.ts';

export interface Visit {
  page: Page;
  /** Checks the page that is shown; only with scripts, because the check is one. */
  inspect(name: string): Promise<void>;
}

export interface VisitOptions {
  origin: string;
  javaScriptEnabled: boolean;
  viewport?: { width: number; height: number };
  /** Of the user who signs in; by default that of the sample data. */
  password?: string;
}

/** Opens a window of a visitor, by default of a desk. */
export async function openVisit(browser: Browser, options: VisitOptions): Promise<Visit> {
  const { origin: baseURL, javaScriptEnabled, viewport = { width: 1280, height: 900 } } = options;
  const context = await browser.newContext({ baseURL, javaScriptEnabled, viewport, reducedMotion: 'reduce' });
  const page = await context.newPage();
  return { page, inspect: async (name) => (javaScriptEnabled ? requireAccessible(page, name) : undefined) };
}

/** Opens a window of a user, by default of the sample data, signed in by the form. */
export async function openVisitAs(browser: Browser, username: string, options: VisitOptions): Promise<Visit> {
  const opened = await openVisit(browser, options);
  const { page } = opened;
  await page.goto('/login/');
  await page.locator('input[name="username"]').fill(username);
  await page.locator('input[name="password"]').fill(options.password ?? 'yoyo');
  await page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
  return opened;
}
