import { Type } from 'typebox';
import type { Clock } from '#platform/clock';
import type { App } from '#platform/http/app';
import { SlugParam } from '#platform/http/schemas';
import { paymentsProblems } from '../problems.ts';
import type { Processors } from '../processors/index.ts';
import { subjectId } from '../subject-id.ts';
import { makeBankCache } from './bank-cache.ts';
import { getBank } from './get-bank.ts';
import { BankSchema } from './schemas.ts';

/** Routes of the account to which a provider is paid out. */
export function payoutRoutes(app: App, { processors, clock }: { processors: Processors; clock: Clock }): void {
  const readBank = makeBankCache(clock);
  app.get(
    '/api/billing/:profile/bank',
    {
      config: {
        access: { kind: 'direct' },
        problems: [paymentsProblems.processor_unreachable, paymentsProblems.processor_setup],
      },
      schema: {
        tags: ['billing'],
        summary: 'Retrieves the account that a provider is paid out to',
        description:
          'Returns the account to which a provider is paid out, and the amount that can be paid out. What the payment processor says of them may be 60 seconds old; a withdrawal asks it again.',
        params: Type.Object({ profile: SlugParam }),
        response: { 200: BankSchema },
      },
    },
    async (request) => getBank({ ...request.ctx, processors }, subjectId(request), readBank),
  );
}
