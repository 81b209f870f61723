import { findPlansByIds, findPlanIds } from '#catalog';
import { findRules } from '#gateway';
import type { Context } from '#platform/context';
import { mergeReads } from '#platform/db/merge-reads';
import { findSite } from '#platform/site';
import { getBroker, type Profile } from '#profiles';
import { settings } from '../config.ts';
import type { SetUpFacts } from './steps.ts';

const PLANS_MAX = 100;

export interface LoadedFacts {
  facts: SetUpFacts;
  broker: Profile;
  plans: { slug: string; title: string }[];
}

/** Loads what the steps depend on. `default_email` is the address of a site for which no setting names one. */
export async function loadSetUpFacts(ctx: Context, default_email: string): Promise<LoadedFacts> {
  const { db } = ctx;
  // A step of this request may have changed the site.
  const site = (await findSite(db)) ?? ctx.site;
  const [broker, rules, plan_ids] = await mergeReads(db, [
    (reader) => getBroker(reader, site),
    (reader) => findRules(reader, site.id),
    (reader) => findPlanIds(reader, site.broker_id),
  ]);
  const found = await findPlansByIds(db, plan_ids.slice(0, PLANS_MAX));
  const plans = [...found.values()].map(({ slug, title }) => ({ slug, title }));
  return {
    broker,
    plans,
    facts: {
      title: site.title,
      email: broker.email,
      default_title: settings.site_title.default,
      default_email,
      entry_point: site.entry_point,
      forwarded_path: rules.find(({ is_forward }) => is_forward)?.path ?? null,
      session_key_at: site.session_key_rotated_at,
      plan_title: plans[0]?.title ?? null,
    },
  };
}
