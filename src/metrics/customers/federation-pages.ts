import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { profileName } from '#profiles';
import { getReported } from '../provider.ts';
import { pageOfRows } from '../rows-of.ts';
import { federationPage } from './federation-page-type.ts';
import {
  federation_definition,
  type MemberSeries,
  reportFederation,
  reportShared,
  shared_definition,
} from './report-federation.ts';

const config = { access: { kind: 'direct', frictionless: true }, page: true } as const;

/** The reports of the federation of a provider as tables, at the present. */
export function federationPages(app: App): void {
  const schema = { hide: true, params: Type.Object({ profile: Type.String() }) };
  app.get('/metrics/:profile/federated/', { config, schema }, async (request, reply) => {
    const { ctx } = request;
    const { provider } = await getReported(request);
    const now = ctx.clock.now();
    const [removed, invited, newly_invited] = await reportFederation(ctx.db, provider, now, now);
    const [shared] = await reportShared(ctx.db, provider, now);
    const figure = (series: MemberSeries<unknown> | undefined, index: number) => ({
      count: series?.values[index]?.[1] ?? 0,
      href: pageOfRows(provider.slug, series?.links[index] ?? null) ?? '',
    });
    const names = invited?.values ?? [];
    return reply.page(federationPage, {
      profile: { slug: provider.slug, printable_name: profileName(provider) },
      crumbs: [{ label: 'Revenue', href: paths.revenue(provider.slug) }],
      definition: federation_definition,
      members: names.map(([name], index) => ({
        name,
        is_whole: index === names.length - 1,
        removed: figure(removed, index),
        invited: figure(invited, index),
        newly_invited: figure(newly_invited, index),
      })),
      shared_definition,
      shared: (shared?.values ?? []).map(([subscriptions_count], index) => ({
        subscriptions_count,
        profiles: figure(shared, index),
      })),
    });
  });
}
