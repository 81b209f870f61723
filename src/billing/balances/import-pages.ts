import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseInstant } from '#kernel/instant';
import { commonProblems, type FieldMessages, invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { readUploadedForm, uploadedFile } from '#platform/http/uploaded-form';
import { sha256Hex } from '#platform/security/crypto';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { type Profile, profileName } from '#profiles';
import { getProfileById } from '../payer.ts';
import { billingProblems } from '../problems.ts';
import { confirmFile, type FilePreview, previewFile } from './import-file.ts';
import { importPayment } from './import-payment.ts';
import { importPage } from './page-types.ts';
import { PAYMENT_ROWS_MAX } from './payment-file.ts';
import { ProfileParams } from './schemas.ts';

/** The page that records payments made outside of the site: one by a form, several by a file that is checked first. */
export function importPages(app: App): void {
  const url = '/billing/:profile/transfers/import/';
  const options = {
    config: { access: { kind: 'direct', manages: true }, page: true },
    schema: { hide: true, params: ProfileParams },
  } as const;
  app.get(url, options, async (request, reply) => show(request, reply, await readProvider(request)));
  app.post(url, { ...options, preValidation: readUploadedForm }, async (request, reply) => {
    const { ctx, body } = request;
    const provider = await readProvider(request);
    try {
      if (textField(body, 'action', 20) === 'preview') {
        const preview = await previewFile(ctx, provider, uploadedFile(request));
        return await show(request, reply, provider, { preview, status: preview.key === null ? 400 : 200 });
      }
      reply.flash('success', await record(request, provider));
    } catch (error) {
      return show(request, reply, provider, { refused: placeAtField(problemToForm(error)) });
    }
    return reply.redirect(paths.adjustments(provider.slug), 303);
  });
}

/** Runs the action of a form; returns a sentence for the provider. */
async function record({ ctx, body }: FastifyRequest, provider: Profile): Promise<string> {
  if (textField(body, 'action', 20) === 'confirm') {
    const count = await confirmFile(ctx, provider, textField(body, 'key', 40));
    return count === 1 ? 'One payment was recorded.' : `${count} payments were recorded.`;
  }
  const fields = readFields(body);
  const created_at = parseInstant(fields.created_at, provider.default_timezone);
  const errors: FieldMessages = {
    ...(fields.subscription === '' ? { subscription: ['Write the subscriber and the plan: xia:premium.'] } : {}),
    ...(created_at === null ? { created_at: ['Choose the day of the payment.'] } : {}),
    ...(fields.amount === '' ? { amount: ['Enter a number with at most two decimals, such as 10.00.'] } : {}),
  };
  if (created_at === null || Object.keys(errors).length > 0) throw invalidInput(errors);
  // The same form that is sent twice within a minute records once.
  const minute = Math.floor(ctx.clock.now().getTime() / 60_000);
  const key = sha256Hex(JSON.stringify(['import page', actorId(ctx), provider.id, fields, minute]));
  const { adjustment } = await importPayment(ctx, provider.id, { ...fields, created_at }, key);
  return `${humanizeMoney(adjustment, ctx.lang)} was recorded.`;
}

function readFields(body: unknown) {
  return {
    subscription: textField(body, 'subscription', 250),
    created_at: textField(body, 'created_at', 64),
    amount: textField(body, 'amount', 20),
    descr: textField(body, 'descr', 200),
  };
}

/** Places the refusal of the subscription at its field. */
function placeAtField(problem: FormProblem): FormProblem {
  if (problem.code !== billingProblems.offline_payment_refused.code) return problem;
  return { ...problem, detail: '', errors: { subscription: [problem.detail] } };
}

async function show(
  { body }: FastifyRequest,
  reply: FastifyReply,
  provider: Profile,
  { preview, refused, status = 200 }: { preview?: FilePreview; refused?: FormProblem; status?: number } = {},
): Promise<FastifyReply> {
  return reply.page(
    importPage,
    {
      profile: { slug: provider.slug, printable_name: profileName(provider) },
      crumbs: [{ label: 'Funds and payouts', href: paths.transfers(provider.slug) }],
      adjustments_url: paths.adjustments(provider.slug),
      rows_max: PAYMENT_ROWS_MAX,
      preview: preview ? { ...preview, rejected_count: new Set(preview.faults.map(({ row }) => row)).size } : null,
      form: readFields(body),
      ...(refused ? { detail: refused.detail, errors: refused.errors } : {}),
    },
    refused?.status ?? status,
  );
}

async function readProvider({ ctx, subject }: FastifyRequest): Promise<Profile> {
  if (subject.profile_id === null) throw commonProblems.not_found();
  return getProfileById(ctx.db, subject.profile_id);
}
