import { parseEmail } from '#kernel/email';
import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import type { Subject } from '#platform/http/guards/access';
import { updateSite } from '#platform/site';
import { updateProfile } from '#profiles';

const TITLE_LENGTH_MAX = 60;

/**
 * Sets the title of the site, and the name and the contact address of the broker.
 *
 * Two transactions, the profile first; a retry after a failure in between completes both.
 * @throws invalid_input (400) naming `title` and `email`
 */
export async function nameSite(
  ctx: Context,
  { title, email }: { title: string; email: string },
  subject: Subject,
): Promise<void> {
  const errors: Record<string, string[]> = {};
  if (title === '') errors['title'] = ['Enter the name of your site.'];
  if (title.length > TITLE_LENGTH_MAX) errors['title'] = [`Use at most ${TITLE_LENGTH_MAX} characters.`];
  if (parseEmail(email) === null) errors['email'] = ['Enter an e-mail address, such as support@example.com.'];
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
  await updateProfile(ctx, ctx.site.broker_id, { full_name: title, email }, subject);
  await inTransaction(ctx.db, async (tx) => updateSite(tx, ctx.site.id, { title }));
}
