import { renderCardFields, type CardFieldName } from './card-fields.ts';
import { makePage, type PageResponse } from './document.ts';
import { html, safeUrl } from './html.ts';

/** A hosted payment page; amounts are formatted. */
export interface CheckoutView {
  readonly session: string;
  readonly merchant: string;
  readonly mode: 'payment' | 'setup';
  readonly lines: readonly { readonly name: string; readonly quantity: number; readonly amount: string }[];
  readonly total: string;
  readonly email: string;
  readonly name: string;
  /** Null when the session has no address to go back to. */
  readonly cancel_url: string | null;
  readonly message?: string;
  readonly errors?: Readonly<Partial<Record<CardFieldName, string>>>;
}

/** Returns the hosted payment page. It works without scripts; the card number is never written back. */
export function renderCheckout(view: CheckoutView): PageResponse {
  const title = view.mode === 'setup' ? 'Save a card' : `Pay ${view.merchant}`;
  const lines = html`<table>
    <caption class="note">
      Order
    </caption>
    <thead>
      <tr>
        <th scope="col">Item</th>
        <th scope="col" class="amount">Amount</th>
      </tr>
    </thead>
    <tbody>
      ${view.lines.map(
        ({ name, quantity, amount }) =>
          html`<tr>
            <td>${name}${quantity === 1 ? '' : ` × ${quantity}`}</td>
            <td class="amount">${amount}</td>
          </tr>`,
      )}
      <tr>
        <th scope="row">Total</th>
        <td class="amount"><strong>${view.total}</strong></td>
      </tr>
    </tbody>
  </table>`;
  const body = html`<main>
    <h1>${title}</h1>
    ${view.message !== undefined && html`<p class="error" role="alert" id="message">${view.message}</p>`}
    ${view.mode === 'payment' && lines}
    <form method="post" action="/c/pay/${encodeURIComponent(view.session)}" novalidate>
      <div class="field">
        <label for="email">E-mail address</label>
        <input id="email" name="email" type="email" maxlength="320" autocomplete="email" value="${view.email}" />
      </div>
      ${renderCardFields(view.errors)}
      <div class="field">
        <label for="name">Name on the card</label>
        <input id="name" name="name" maxlength="200" autocomplete="cc-name" value="${view.name}" />
      </div>
      <p><button>${view.mode === 'setup' ? 'Save card' : `Pay ${view.total}`}</button></p>
    </form>
    ${view.cancel_url !== null && html`<p><a href="${safeUrl(view.cancel_url)}">Go back to ${view.merchant}</a></p>`}
    <p class="note">Test payments only: use a test card such as 4242 4242 4242 4242.</p>
  </main>`;
  return makePage({ title, body, status: view.message === undefined ? 200 : 402 });
}
