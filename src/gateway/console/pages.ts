import type { App } from '#platform/http/app';
import { rulePageTypes } from './rule-page-types.ts';
import { rulePages } from './rule-pages.ts';
import { rulesPages } from './rules-page.ts';
import type { TrialNeeds } from './try-path.ts';

export const consolePageTypes = [...rulePageTypes] as const;

export function consolePages(app: App, needs: TrialNeeds): void {
  rulesPages(app, needs);
  rulePages(app);
}
