import { Type } from 'typebox';
import type { FastifyRequest } from 'fastify';
import type { ProfileId } from '#platform/db/db-schema';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { SlugParam } from '#platform/http/schemas';
import { fillAddress } from '#profiles';
import { isOwnManager } from '#platform/http/guards/access';
import { intentKey } from '#platform/http/guards/idempotency';
import { openSetupIntent } from '../intents/index.ts';
import { browserKeys } from './browser-keys.ts';
import { findSavedCard } from './payment-method-store.ts';
import { presentCard } from './present-card.ts';
import { paymentsProblems } from '../problems.ts';
import type { PaymentContext, Processors } from '../processors/index.ts';
import { removeCard } from './remove-card.ts';
import { saveCard } from './save-card.ts';
import { CardSchema, CardUpdate } from './schemas.ts';
import { subjectId } from '../subject-id.ts';

const ProfileParams = Type.Object({ profile: SlugParam });

/** Routes of the card on file. Providers may read it; only the profile's own managers may change it. */
// long: the three operations on the card
export function cardRoutes(app: App, processors: Processors): void {
  app.get(
    '/api/billing/:profile/card',
    {
      config: { access: { kind: 'provider' } },
      schema: {
        tags: ['billing'],
        summary: 'Retrieves the card on file',
        description:
          'Returns the brand, the last digits and the expiry date of the card on file. With `update=1` a manager of the profile gets the secret of a card to keep (`STRIPE_INTENT_SECRET`), null if the payment processor does not respond: after the browser confirmed it, its key is the token of the card.',
        params: ProfileParams,
        querystring: Type.Object({
          update: Type.Optional(
            Type.String({ maxLength: 5, description: '1 adds the keys with which a browser replaces the card' }),
          ),
        }),
        response: { 200: CardSchema },
      },
    },
    async (request) => ({
      processor:
        request.query.update === '1'
          ? browserKeys(processors.chosen, '', await openSetup({ ...request.ctx, processors }, request))
          : null,
      ...presentCard(await findSavedCard(request.ctx.db, subjectId(request))),
    }),
  );

  putAndPatch(
    app,
    '/api/billing/:profile/card',
    {
      config: {
        access: { kind: 'direct' },
        problems: [
          paymentsProblems.card_declined,
          paymentsProblems.processor_refused,
          paymentsProblems.card_save_unknown,
          paymentsProblems.action_required,
          paymentsProblems.intent_unknown,
          paymentsProblems.intent_foreign,
          paymentsProblems.intent_unusable,
          paymentsProblems.processor_unreachable,
          paymentsProblems.processor_setup,
        ],
      },
      schema: {
        tags: ['billing'],
        summary: 'Replaces the card on file',
        description:
          'Replaces the card on file by the one behind a token of the payment processor, or behind a card to keep that the browser confirmed (`seti_…`).',
        params: ProfileParams,
        body: CardUpdate,
        response: { 200: CardSchema },
      },
    },
    async (request) => {
      const { ctx } = request;
      const { token, ...address } = request.body;
      const profile_id = subjectId(request);
      await fillAddress(ctx, profile_id, address);
      const key = intentKey(request, 'card');
      const card = await replaceCard({ ...ctx, processors }, profile_id, token, key);
      return {
        processor: browserKeys(processors.chosen),
        ...presentCard(card),
        detail: 'Your credit card on file was successfully updated.',
      };
    },
  );

  app.delete(
    '/api/billing/:profile/card',
    {
      config: { access: { kind: 'direct' } },
      schema: {
        tags: ['billing'],
        summary: 'Removes the card on file',
        description: 'Removes the card on file. Amounts due stay due.',
        params: ProfileParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await removeCard(request.ctx, subjectId(request));
      return reply.status(204).send(null);
    },
  );
}

/** Only the profile's own managers get the secret of a card to keep: it can put a card on file. */
async function openSetup(ctx: PaymentContext, request: FastifyRequest): Promise<string | null> {
  return isOwnManager(request.subject) ? openSetupIntent(ctx, subjectId(request)) : null;
}

/** Without a token the card on file stays unchanged. */
async function replaceCard(ctx: PaymentContext, profile_id: ProfileId, token: string | undefined, key: string | null) {
  return token === undefined ? findSavedCard(ctx.db, profile_id) : saveCard(ctx, profile_id, token, key);
}
