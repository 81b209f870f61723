import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';

/** A number of profiles with the page of them. */
const Figure = Type.Object({ count: Type.Integer(), href: Type.String() });

const rows = `${paths.metricRows('cowork', 'federated-profiles')}?state=invited&ends_at=2026-04-01`;
const figure = (count: number) => ({ count, href: rows });
const member = {
  name: 'Coworking Space',
  is_whole: false,
  removed: figure(0),
  invited: figure(3),
  newly_invited: figure(2),
};
const typical = {
  profile: { slug: 'cowork', printable_name: 'Coworking Space' },
  crumbs: [{ label: 'Revenue', href: paths.revenue('cowork') }],
  definition: 'Members are the profiles that subscribe to the provider and have plans themselves.',
  members: [
    { ...member, name: 'Club' },
    { ...member, is_whole: true, removed: figure(-4), invited: figure(12) },
  ],
  shared_definition: 'Numbers of the profiles that have one, two, three… running subscriptions.',
  shared: [
    { subscriptions_count: 1, profiles: figure(9) },
    { subscriptions_count: 2, profiles: figure(3) },
  ],
};

export const federationPage = definePage(
  'saas/metrics/federated.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    definition: Type.String(),
    /** Members by name; the last row is the whole federation. */
    members: Type.Array(
      Type.Object({
        name: Type.String(),
        is_whole: Type.Boolean(),
        removed: Figure,
        invited: Figure,
        newly_invited: Figure,
      }),
    ),
    shared_definition: Type.String(),
    shared: Type.Array(Type.Object({ subscriptions_count: Type.Integer(), profiles: Figure })),
  }),
  {
    typical,
    empty: { ...typical, members: [{ ...member, is_whole: true }], shared: [] },
    long: {
      ...typical,
      members: [
        { ...member, name: longText, invited: figure(987_654_321) },
        { ...member, name: unbrokenText, is_whole: true },
      ],
    },
  },
  { as: 'provider' },
);
