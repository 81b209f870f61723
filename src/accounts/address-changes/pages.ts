import type { App } from '#platform/http/app';
import { problemToForm } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import type { AccountsDeps } from '../hooks.ts';
import { unrefusedForm } from '../page-parts.ts';
import { VerificationKeyParams } from '../schemas.ts';
import { stopChangePage } from './page-types.ts';
import { findStoppableChange, type StoppableChange, stopAddressChange } from './stop-address-change.ts';

const options = {
  config: { access: { kind: 'public' }, page: true },
  schema: { params: VerificationKeyParams },
} as const;

/** Page of the link that stops a change of address. GET changes nothing, since mail scanners open links. */
export function addressChangePages(app: App, deps: AccountsDeps): void {
  app.get('/users/stop/:verification_key/', options, async (request, reply) => {
    const change = await findStoppableChange(request.ctx, deps.settings, request.params.verification_key);
    reply.header('cache-control', 'no-store');
    return reply.page(stopChangePage, presentChange(change), change ? 200 : 404);
  });

  app.post('/users/stop/:verification_key/', options, async (request, reply) => {
    try {
      await stopAddressChange(request.ctx, deps, request.params.verification_key);
    } catch (error) {
      const { detail, status } = problemToForm(error);
      return reply.page(stopChangePage, { ...presentChange(null), detail }, status);
    }
    reply.flash('success', 'The change was stopped. We sent a link to set a new password to your address.');
    return reply.redirect(paths.login(), 303);
  });
}

function presentChange(change: StoppableChange | null) {
  return {
    valid: change !== null,
    username: change?.user.username ?? null,
    address: change?.address ?? null,
    is_made: change?.is_made ?? false,
    form: {},
    ...unrefusedForm,
  };
}
