import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '#platform/http/app';
import { clearSessionCookie } from '#platform/http/cookies';
import { type FormProblem, secretField, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { requireTypedName } from '#platform/pages/forms/typed-name';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { formStatus, readSecretProblem } from '../factors/index.ts';
import type { AccountsDeps } from '../hooks.ts';
import { printableName, requireSubject, type User } from '../identity/index.ts';
import { UserParams } from '../schemas.ts';
import { archiveUser } from './archive-user.ts';
import { deletion } from './describe-deletion.ts';
import { deleteUserPage } from './page-types.ts';

/** The page where a user deletes the own account, after a secret and the user name were typed. */
export function deleteUserPages(app: App, deps: AccountsDeps): void {
  const options = {
    config: { access: { kind: 'self-only' }, page: true },
    schema: { params: UserParams, hide: true },
  } as const;
  app.get('/users/:user/delete/', options, async (request, reply) =>
    show(request, reply, deps, await requireSubject(request), null),
  );
  app.post('/users/:user/delete/', options, async (request, reply) => {
    const { ctx, body } = request;
    const user = await requireSubject(request);
    try {
      requireTypedName(body, user.username);
      await archiveUser(
        ctx,
        deps,
        user,
        {
          password: secretField(body, 'password') || undefined,
          otp_code: textField(body, 'otp_code', 32) || undefined,
        },
        { force: textField(body, 'force', 1) === '1' },
      );
    } catch (error) {
      return show(request, reply, deps, user, readSecretProblem(error), textField(body, 'typed_name', 300));
    }
    clearSessionCookie(reply);
    return reply.flash('info', 'Your account was deleted.').redirect(paths.login(), 303);
  });
}

async function show(
  { ctx }: FastifyRequest,
  reply: FastifyReply,
  { hooks }: AccountsDeps,
  user: User,
  problem: FormProblem | null,
  typed_name = '',
): Promise<FastifyReply> {
  const credit = (await hooks.findCredit(ctx.db, user.id)).map((money) => humanizeMoney(money, ctx.lang));
  const data = {
    confirm: deletion(printableName(user), user.username, credit),
    has_password: user.has_password,
    needs_otp: user.otp_enabled,
    form: { typed_name },
    errors: problem?.errors ?? {},
    detail: problem?.detail ?? '',
  };
  return reply.page(deleteUserPage, data, formStatus(problem));
}
