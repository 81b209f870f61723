import type { Context } from '#platform/context';
import type { JsonObject } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { type Notice, notice } from './notice.ts';
import { originatorOf, profileOf } from './parties.ts';
import { numberIn, objectIn, objectsIn, textIn } from './payload.ts';

export async function composeOrderExecuted(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const profile = await profileOf(ctx, payload, 'profile_id');
  if (!profile) return null;
  const lines = objectsIn(payload, 'lines');
  // With several sellers the broker is the one to ask.
  const provider_ids = new Set(lines.map((line) => line['provider_id']));
  const provider = lines[0] && provider_ids.size === 1 ? await profileOf(ctx, lines[0], 'provider_id') : undefined;
  return notice('order_executed', {
    parties: { profile, ...(provider ? { provider } : {}) },
    originator: await originatorOf(ctx, payload, 'user_id'),
    path: paths.home(),
    data: { invoiced_items: lines.map((line) => lineOf(line, 'amount', textIn(line, 'unit') ?? '')) },
  });
}

/** A receipt, or word of a refund or a dispute. Payments that failed or were only begun are not worth a mail. */
export async function composeChargeUpdated(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const profile = await profileOf(ctx, payload, 'profile_id');
  const news = textIn(payload, 'news') ?? '';
  if (!profile || !['done', 'refunded', 'disputed', 'receipt_requested'].includes(news)) return null;
  const provider = await profileOf(ctx, payload, 'provider_id');
  const unit = textIn(payload, 'unit') ?? '';
  const processor_key = textIn(payload, 'processor_key') ?? '';
  const lines = objectsIn(payload, 'lines');
  const refunded = lines.reduce((sum, line) => sum + numberIn(line, 'refunded_amount'), 0);
  return notice('charge_updated', {
    parties: { profile, ...(provider ? { provider } : {}) },
    originator: await originatorOf(ctx, payload),
    path: paths.receipt(profile.slug, processor_key),
    data: {
      charge: {
        processor_key,
        created_at: textIn(payload, 'created_at'),
        amount: numberIn(payload, 'amount'),
        unit,
        description: textIn(payload, 'description') ?? '',
        state: textIn(payload, 'state'),
        last4: textIn(payload, 'last4'),
      },
      charge_items: lines.map((line) => ({
        invoiced: lineOf(line, 'amount', unit),
        refunded: numberIn(line, 'refunded_amount') > 0 ? [lineOf(line, 'refunded_amount', unit)] : [],
      })),
      charge_total: refunded > 0 ? { amount: numberIn(payload, 'amount') - refunded, unit } : null,
    },
  });
}

export async function composeCardUpdated(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const profile = await profileOf(ctx, payload, 'profile_id');
  if (!profile) return null;
  return notice('card_updated', {
    parties: { profile },
    originator: await originatorOf(ctx, payload),
    path: paths.card(profile.slug),
    data: { changes: objectIn(payload, 'changes') },
  });
}

/** A line as templates take it, in the members of a transaction. */
function lineOf(line: JsonObject, member: string, dest_unit: string) {
  return { description: textIn(line, 'description') ?? '', dest_amount: numberIn(line, member), dest_unit };
}
