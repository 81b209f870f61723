import { invalidInput } from '#kernel/problem';
import { textField } from '#platform/http/forms';
import { checkbox, secret, text } from '#platform/pages/forms/fields';
import { defineForm, type Refusal } from '#platform/pages/forms/form';
import type { PaymentContext } from '../processors/index.ts';
import { isUnreachable } from './is-unreachable.ts';
import { replaceKeys } from './replace-keys.ts';
import { KEY_LENGTH_MAX } from './schemas.ts';

/** The form of new keys of the payment processor. */
export const keyForm = defineForm({
  secret_key: secret({
    label: 'New secret key',
    help: 'A secret or restricted key (sk_… or rk_…) of the same mode. It is stored encrypted and never shown again.',
    autocomplete: 'off',
  }),
  publishable_key: text({
    label: 'Publishable key',
    help: 'Of the same account (pk_…). Leave it empty to keep the one in use.',
    autocomplete: 'off',
    optional: true,
    length_max: KEY_LENGTH_MAX,
  }),
  is_other_account: checkbox({
    label: 'Store it even if it is of another account',
    help: 'Charges, cards and customers of the former account are then out of reach: they cannot be refunded or charged here. Without this, such a key is refused.',
  }),
});

/** The keys have no amounts and dates: every reader sees them alike. */
export const key_form_context = { locale: 'en', timezone: 'UTC' };

const UNREACHED = 'The payment processor does not respond. Nothing was stored: try again in a minute.';

/** Replaces the keys by a posted form. Returns why they were refused; null if they are stored. */
export async function replaceKeysByForm(ctx: PaymentContext, body: unknown): Promise<Refusal | null> {
  try {
    const { secret_key, publishable_key, is_other_account } = keyForm.read(body, key_form_context);
    await replaceKeys(ctx, {
      secret_key: secret_key.trim(),
      publishable_key: publishable_key === '' ? undefined : publishable_key,
      is_other_account,
    });
    return null;
  } catch (error) {
    const shown = withoutSecret(body);
    if (!isUnreachable(error)) return keyForm.refuse(error, shown);
    // The other fields are shown again as they were.
    const kept = keyForm.refuse(invalidInput({}), shown);
    return { ...kept, status: error.status, code: error.code, detail: UNREACHED };
  }
}

/** A secret key that was entered in the field of the publishable one is not shown again. */
function withoutSecret(body: unknown): unknown {
  const is_secret = /(?:sk|rk)_/.test(textField(body, 'publishable_key', KEY_LENGTH_MAX));
  return is_secret ? { ...(body as object), publishable_key: '' } : body; // textField read it as an object
}
