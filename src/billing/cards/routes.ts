import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { SlugParam } from '#platform/http/schemas';
import { readProviderCharges, setProviderCharges } from './provider-charges.ts';

const members = {
  allow_provider_charges: Type.Boolean({
    description: 'Providers may charge the card on file when they change a subscription of the profile',
  }),
};
const ConsentSchema = Type.Object(members, { title: 'ProviderCharges' });

/** Routes of the consent to charges that a provider causes. */
export function providerChargeRoutes(app: App): void {
  const url = '/api/billing/:profile/provider-charges';
  const schema = {
    tags: ['billing'],
    params: Type.Object({ profile: SlugParam }),
    response: { 200: ConsentSchema },
  };
  app.get(
    url,
    {
      config: { access: { kind: 'provider' } },
      schema: {
        ...schema,
        summary: 'Retrieves the consent to charges by providers',
        description:
          'Returns whether providers may charge the card on file when they change a subscription of the profile. Without the consent such a change leaves its price due, or is refused with `buyer_must_pay`.',
      },
    },
    async ({ ctx, subject }) => ({ allow_provider_charges: await readProviderCharges(ctx, subject) }),
  );
  putAndPatch(
    app,
    url,
    {
      config: { access: { kind: 'direct', manages: true } },
      schema: {
        ...schema,
        summary: 'Changes the consent to charges by providers',
        description:
          'Gives the consent or takes it back. Only managers of the profile itself: neither its providers nor the broker.',
        body: Type.Object(members),
      },
    },
    async ({ ctx, subject, body }) => {
      const { allow_provider_charges } = body;
      if (allow_provider_charges !== undefined) await setProviderCharges(ctx, subject, allow_provider_charges);
      return { allow_provider_charges: await readProviderCharges(ctx, subject) };
    },
  );
}
