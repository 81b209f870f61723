import { endAccountLink, findAccount, findAccountLink, setAccountState, useAccountLink } from '../connect/index.ts';
import { makeErrorPage, redirectTo, renderOnboarding, type PageResponse } from '../pages/index.ts';
import type { Emulator } from '../server/index.ts';
import type { PageRequest } from './page-work.ts';

/** Shows the onboarding page once, or takes its form. A link that is used or old leads to its `refresh_url`. */
export function answerOnboarding(emulator: Emulator, token: string, { method, fields }: PageRequest): PageResponse {
  const link = findAccountLink(emulator, token);
  if (!link) return makeErrorPage(404, 'Not found', 'There is no such link.');
  const ctx = emulator.contextOf({ account: '', livemode: link.livemode });
  if (method === 'POST') {
    if (!endAccountLink(emulator, link, fields['form_key'] ?? '')) return redirectTo(link.refresh_url);
    const { outcome } = fields;
    if (outcome === 'ready' || outcome === 'review') setAccountState(ctx, link.account, outcome);
    return redirectTo(link.return_url);
  }
  const used = useAccountLink(emulator, link);
  if (!used) return redirectTo(link.refresh_url);
  const account = findAccount(ctx, link.account);
  const name = account.business_profile['name'];
  return renderOnboarding({
    token,
    form_key: used.form_key,
    account: account.id,
    business_name: typeof name === 'string' ? name : '',
    missing: account.requirements.currently_due,
  });
}
