import { html, type Markup } from './html.ts';

/** Names of the card fields in forms. */
export type CardFieldName = 'number' | 'expiry' | 'cvc';

interface CardField {
  readonly name: CardFieldName;
  readonly label: string;
  readonly autocomplete: string;
  readonly hint: string;
}

const FIELDS: readonly [CardField, CardField, CardField] = [
  { name: 'number', label: 'Card number', autocomplete: 'cc-number', hint: '' },
  { name: 'expiry', label: 'Expiration date (MM/YY)', autocomplete: 'cc-exp', hint: 'MM/YY' },
  { name: 'cvc', label: 'Security code', autocomplete: 'cc-csc', hint: '' },
];

/** Returns the labelled fields of a card with an error at each field that has one. Values are never written back. */
export function renderCardFields(errors: Readonly<Partial<Record<CardFieldName, string>>> = {}): Markup {
  const [number, expiry, cvc] = FIELDS;
  return html`${renderField(number, errors.number)}
    <div class="row">${renderField(expiry, errors.expiry)} ${renderField(cvc, errors.cvc)}</div>`;
}

function renderField({ name, label, autocomplete, hint }: CardField, error = ''): Markup {
  const invalid = error !== '' && html` aria-invalid="true"`;
  const hidden = error === '' && html` hidden`;
  return html`<div class="field">
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="text"
      inputmode="numeric"
      maxlength="30"
      autocomplete="${autocomplete}"
      placeholder="${hint}"
      aria-describedby="${name}-error"
      aria-required="true"
      ${invalid}
    />
    <p class="error" id="${name}-error" role="alert" ${hidden}>${error}</p>
  </div>`;
}
