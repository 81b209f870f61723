/** The parts of Stripe.js that the element uses. */
interface PaymentScript {
  elements(options: ElementsOptions): Elements;
  createConfirmationToken(given: {
    elements: Elements;
    params: { return_url: string };
  }): Promise<{ confirmationToken?: { id: string }; error?: ScriptError }>;
}

interface ElementsOptions {
  mode: 'payment' | 'setup';
  currency: string;
  amount?: number;
  captureMethod?: 'automatic';
  setupFutureUsage?: 'off_session' | null;
}

interface Elements {
  create(kind: 'payment'): { mount(place: HTMLElement): void; on(event: 'loaderror', listener: () => void): void };
  update(options: Partial<ElementsOptions>): void;
  submit(): Promise<{ error?: ScriptError }>;
}

interface ScriptError {
  message?: string;
}

declare global {
  interface Window {
    Stripe?: (key: string, options: { stripeAccount?: string }) => PaymentScript;
  }
}

const NOT_LOADED =
  'The card form could not be loaded. Reload the page, or enter the card on the page of the payment processor.';
const NOT_CHECKED = 'The card could not be checked. Try again.';
/** Longest wait for the script of the processor. */
const LOAD_MS_MAX = 20_000;

/**
 * Card form of the processor. When its form is submitted, the card becomes a single-use token in the field
 * `processor_token`, and the form is submitted again with it; the card itself is never sent to this site.
 *
 * A form that pays with a card on file, or whose button does something else, is submitted as it is.
 */
export class CardElement extends HTMLElement {
  private script: PaymentScript | null = null;
  private elements: Elements | null = null;
  private isBusy = false;

  connectedCallback(): void {
    // Before the listeners of the page, which send the form.
    document.addEventListener('submit', this.onSubmit, { capture: true });
    this.form()?.addEventListener('change', this.onChange);
    void this.load().catch(() => this.offerPage());
  }

  disconnectedCallback(): void {
    document.removeEventListener('submit', this.onSubmit, { capture: true });
  }

  private async load(): Promise<void> {
    const { script = '', key = '', account = '' } = this.dataset;
    await loadScript(script);
    if (!window.Stripe || !this.isConnected) throw new Error('the script of the processor is absent');
    this.script = window.Stripe(key, account === '' ? {} : { stripeAccount: account });
    this.elements = this.script.elements(this.options());
    const element = this.elements.create('payment');
    element.on('loaderror', () => this.offerPage());
    const frame = this.querySelector<HTMLElement>('[data-frame]');
    if (frame) element.mount(frame);
  }

  /** Equal to what the server confirms the payment with; otherwise the processor refuses the token. */
  private options(): ElementsOptions {
    const currency = this.dataset['unit'] ?? '';
    const amount = Number(document.getElementById('card-amount')?.getAttribute('value') || Number.NaN);
    if (!Number.isInteger(amount)) return { mode: 'setup', currency, setupFutureUsage: 'off_session' };
    const remembers = this.form()?.querySelector<HTMLInputElement>('input[name=remember_card]')?.checked === true;
    return {
      mode: 'payment',
      currency,
      amount,
      captureMethod: 'automatic',
      setupFutureUsage: remembers ? 'off_session' : null,
    };
  }

  private readonly onChange = (): void => this.elements?.update(this.options());

  private readonly onSubmit = (event: SubmitEvent): void => {
    const form = this.form();
    if (event.target !== form || !form || !this.isNeeded(form, event.submitter)) return;
    const token = this.field();
    if (token === null || token.value !== '') return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.isBusy) return;
    this.isBusy = true;
    event.submitter?.setAttribute('aria-disabled', 'true');
    void this.makeToken()
      .then((made) => {
        token.value = made;
        event.submitter?.removeAttribute('aria-disabled');
        form.requestSubmit(event.submitter);
        // A token is used once: a form that stays on the page makes another one.
        queueMicrotask(() => (token.value = ''));
      })
      .catch((error: unknown) => this.show(error instanceof Error ? error.message : NOT_CHECKED))
      .finally(() => {
        this.isBusy = false;
        event.submitter?.removeAttribute('aria-disabled');
      });
  };

  private async makeToken(): Promise<string> {
    const { script, elements } = this;
    if (!script || !elements) throw new Error(NOT_LOADED);
    this.show('');
    elements.update(this.options());
    const checked = await elements.submit();
    if (checked.error) throw new Error(checked.error.message ?? NOT_CHECKED);
    const return_url = new URL(this.dataset['returnUrl'] ?? '/', location.href).href;
    const { confirmationToken, error } = await script.createConfirmationToken({ elements, params: { return_url } });
    if (!confirmationToken) throw new Error(error?.message ?? NOT_CHECKED);
    return confirmationToken.id;
  }

  /** True if the submitted form uses the card of this element. */
  private isNeeded(form: HTMLFormElement, submitter: HTMLElement | null): boolean {
    if (submitter instanceof HTMLButtonElement && submitter.name === 'hosted') return false;
    const action = submitter instanceof HTMLButtonElement && submitter.name === 'action' ? submitter.value : 'pay';
    return action === 'pay' && new FormData(form).get('use_card') !== 'on_file';
  }

  /** The form of the processor cannot be shown: its page can. */
  private offerPage(): void {
    this.show(NOT_LOADED);
    const offer = this.parentElement?.querySelector<HTMLElement>('[data-hosted]');
    if (offer) offer.hidden = false;
  }

  private form(): HTMLFormElement | null {
    return this.closest('form');
  }

  private field(): HTMLInputElement | null {
    return this.querySelector<HTMLInputElement>('input[name=processor_token]');
  }

  private show(text: string): void {
    const message = this.querySelector<HTMLElement>('[data-message]');
    if (!message) return;
    message.textContent = text;
    message.hidden = text === '';
    if (text !== '') message.focus();
  }
}

/** Loads the script of the processor once for a page. */
async function loadScript(url: string): Promise<void> {
  if (window.Stripe) return;
  const script = document.createElement('script');
  script.src = url;
  script.async = true;
  const loaded = new Promise<void>((resolve, reject) => {
    script.addEventListener('load', () => resolve());
    script.addEventListener('error', () => reject(new Error(NOT_LOADED)));
    setTimeout(() => reject(new Error(NOT_LOADED)), LOAD_MS_MAX);
  });
  document.head.append(script);
  await loaded;
}
