import { makePage, type PageResponse } from './document.ts';
import { html } from './html.ts';

/** An account that its owner sets up. */
export interface OnboardingView {
  readonly token: string;
  /** Proves that the form was sent by the page that used the link up. */
  readonly form_key: string;
  readonly account: string;
  readonly business_name: string;
  readonly missing: readonly string[];
}

/** Returns the page on which an owner gives the details of an account; each button is one outcome. */
export function renderOnboarding(view: OnboardingView): PageResponse {
  return makePage({
    title: 'Set up payments',
    body: html`<main>
      <h1>Set up payments</h1>
      <p>${view.business_name === '' ? 'Your business' : view.business_name} (account ${view.account})</p>
      ${
        view.missing.length > 0 &&
        html`<h2>Missing details</h2>
          <ul>
            ${view.missing.map((name) => html`<li><code>${name}</code></li>`)}
          </ul>`
      }
      <form method="post" action="/connect/setup/${encodeURIComponent(view.token)}">
        <input type="hidden" name="form_key" value="${view.form_key}" />
        <p><button name="outcome" value="ready">Complete all details</button></p>
        <p><button name="outcome" value="review" class="second">Complete them, payouts in review</button></p>
        <p><button name="outcome" value="leave" class="second">Leave without completing</button></p>
      </form>
      <p class="note">This is a page of the payment emulator: no details are needed.</p>
    </main>`,
  });
}
