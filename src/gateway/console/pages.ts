import type { App } from '#platform/http/app';
import { applicationPageTypes } from './application-page-types.ts';
import { type ApplicationNeeds, applicationPages } from './application-pages.ts';
import { rulePageTypes } from './rule-page-types.ts';
import { rulePages } from './rule-pages.ts';
import { rulesPages } from './rules-page.ts';
import type { TrialNeeds } from './try-path.ts';

export const consolePageTypes = [...rulePageTypes, ...applicationPageTypes] as const;

export function consolePages(app: App, needs: TrialNeeds & ApplicationNeeds): void {
  rulesPages(app, needs);
  rulePages(app);
  applicationPages(app, needs);
}
