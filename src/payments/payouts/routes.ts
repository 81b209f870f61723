import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { SlugParam } from '#platform/http/schemas';
import { paymentsProblems } from '../problems.ts';
import type { Processors } from '../processors/index.ts';
import { subjectId } from '../subject-id.ts';
import { getBank } from './get-bank.ts';
import { BankSchema } from './schemas.ts';

/** Routes of the account to which a provider is paid out. */
export function payoutRoutes(app: App, processors: Processors): void {
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
        description: 'Returns the account to which a provider is paid out, and the amount that can be paid out.',
        params: Type.Object({ profile: SlugParam }),
        response: { 200: BankSchema },
      },
    },
    async (request) => getBank({ ...request.ctx, processors }, subjectId(request)),
  );
}
