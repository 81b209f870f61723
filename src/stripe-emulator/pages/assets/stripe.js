// The form script of the emulator: the part of Stripe.js that payment pages use, with the same names and answers.
// Card fields are in a frame of the emulator's origin; this page never sees them.
(() => {
  'use strict';
  // The server writes true here when it was started for other machines than this one.
  const IS_PUBLIC = false;
  const READY_MS_MAX = 10_000;
  const origin = new URL(document.currentScript.src).origin;
  const is_loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|.+\.localhost)$/.test(location.hostname);
  if (!IS_PUBLIC && !is_loopback) throw new Error('stripe-emulator: this page is not on a loopback address');

  /** Throws for every name that the emulator lacks, so that a page cannot rely on it unnoticed. */
  const strict = (name, object) =>
    new Proxy(object, {
      get(target, key) {
        if (typeof key === 'symbol' || key === 'then' || key === 'toJSON' || key in target) return target[key];
        throw unsupported(`${name}.${key}`);
      },
    });

  function unsupported(what) {
    return Object.assign(new Error(`emulator_unsupported: ${what}`), { code: 'emulator_unsupported' });
  }

  /** Makes form fields of nested parameters: `a[b][c]=1`; null and undefined send nothing. */
  function flatten(value, prefix = '') {
    if (value === null || value === undefined) return [];
    if (typeof value !== 'object') return [[prefix, String(value)]];
    return Object.entries(value).flatMap(([key, each]) => flatten(each, prefix === '' ? key : `${prefix}[${key}]`));
  }

  /** A frame of the emulator: calls it and receives its events. Messages of other origins and windows are ignored. */
  function openFrame(kind, parent, onEvent) {
    const frame = document.createElement('iframe');
    const waiting = new Map();
    let count = 0;
    frame.src = `${origin}/elements/${kind}?origin=${encodeURIComponent(location.origin)}`;
    frame.title = kind === 'card' ? 'Card details' : 'Payments';
    frame.style.cssText = kind === 'card' ? 'border:0;display:block;width:100%;height:13rem' : 'display:none';
    let setReady;
    const ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('The payment form did not load.')), READY_MS_MAX);
      setReady = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    ready.catch((error) => onEvent('loaderror', { elementType: 'payment', error: apiError(error.message) }));
    const listen = ({ origin: from, source, data }) => {
      if (from !== origin || source !== frame.contentWindow || data?.emulator !== 1) return;
      if (data.id !== undefined) {
        waiting.get(data.id)?.(data.result);
        waiting.delete(data.id);
      } else if (data.event === 'height') frame.style.height = `${data.value}px`;
      else {
        if (data.event === 'ready') setReady();
        onEvent(data.event, data.value);
      }
    };
    window.addEventListener('message', listen);
    parent.append(frame);
    return {
      async call(method, args) {
        try {
          await ready;
        } catch (error) {
          return { error: apiError(error.message) };
        }
        const id = ++count;
        const result = new Promise((resolve) => waiting.set(id, resolve));
        frame.contentWindow.postMessage({ emulator: 1, id, method, args }, origin);
        return result;
      },
      focus: () => frame.focus(),
      close() {
        window.removeEventListener('message', listen);
        frame.remove();
      },
    };
  }

  const apiError = (message) => ({ type: 'api_connection_error', message });

  function makeElement(state) {
    const listeners = new Map();
    const emit = (name, value) => {
      for (const listener of listeners.get(name) ?? []) listener(value);
    };
    const send = (method) => () => void state.frame?.call(method);
    const element = {
      mount(place) {
        const parent = typeof place === 'string' ? document.querySelector(place) : place;
        if (!parent) throw new Error(`stripe-emulator: nothing on this page matches ${place}`);
        if (state.frame) return;
        state.frame = openFrame('card', parent, (name, value) => emit(name, { elementType: 'payment', ...value }));
      },
      unmount() {
        state.frame?.close();
        state.frame = null;
      },
      destroy() {
        element.unmount();
        state.element = null;
      },
      update() {},
      focus() {
        state.frame?.focus();
        send('focus')();
      },
      blur: send('blur'),
      clear: send('clear'),
      collapse() {},
      on(name, listener) {
        listeners.set(name, [...(listeners.get(name) ?? []), listener]);
        return element.proxy;
      },
      off(name, listener) {
        const kept = (listeners.get(name) ?? []).filter((each) => listener && each !== listener);
        listeners.set(name, kept);
        return element.proxy;
      },
    };
    element.proxy = strict('element', element);
    return element.proxy;
  }

  const states = new WeakMap();

  function makeElements(options) {
    const state = { options: { ...options }, frame: null, element: null };
    const elements = strict('elements', {
      create(type) {
        if (type !== 'payment') throw unsupported(`elements.create('${type}')`);
        if (state.element) throw new Error('stripe-emulator: these elements have a payment element');
        state.element = makeElement(state);
        return state.element;
      },
      getElement: (type) => (type === 'payment' ? state.element : null),
      update: (change) => void Object.assign(state.options, change),
      fetchUpdates: async () => ({}),
      async submit() {
        if (!state.frame) throw new Error('stripe-emulator: mount the payment element before submit');
        const { error } = await state.frame.call('validate');
        return error ? { error } : { selectedPaymentMethod: 'card' };
      },
    });
    states.set(elements, state);
    return elements;
  }

  /** What the elements were set to: the server compares it with the intent that uses the token. */
  function settingsOf({ mode, amount, currency, captureMethod, setupFutureUsage }) {
    return { mode, amount, currency, capture_method: captureMethod, setup_future_usage: setupFutureUsage };
  }

  /** Shows the page of the issuer in a dialog; resolves when it was answered, or false when the buyer closed it. */
  function openChallenge(id) {
    return new Promise((resolve) => {
      const dialog = document.createElement('dialog');
      const frame = document.createElement('iframe');
      dialog.setAttribute('aria-label', 'Confirm with your bank');
      dialog.style.cssText = 'padding:0;border:1px solid #6c757d;width:min(28rem,96vw)';
      frame.title = 'Confirm with your bank';
      frame.src = `${origin}/3ds/${encodeURIComponent(id)}?frame=1`;
      frame.style.cssText = 'border:0;display:block;width:100%;height:22rem';
      const end = (is_answered) => {
        window.removeEventListener('message', listen);
        dialog.close();
        dialog.remove();
        resolve(is_answered);
      };
      const listen = ({ origin: from, source, data }) => {
        if (from !== origin || source !== frame.contentWindow || data?.emulator !== 1) return;
        if (data.event === 'answered') end(true);
        if (data.event === 'escape') end(false);
      };
      window.addEventListener('message', listen);
      dialog.addEventListener('cancel', (event) => {
        event.preventDefault();
        end(false);
      });
      frame.addEventListener('load', () => frame.focus());
      dialog.append(frame);
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  function makeStripe(key, { stripeAccount = null } = {}) {
    if (!/^pk_(?:test|live)_\w+$/.test(key ?? '')) throw new Error('stripe-emulator: a publishable key is needed');
    let controller = null;
    const request = (frame, method, path, parameters = {}, card = null) => {
      const args = { key, account: stripeAccount, method, path, fields: flatten(parameters), card };
      controller ??= frame ? null : openFrame('controller', document.body, () => {});
      return (frame ?? controller).call('request', args);
    };
    const pathOf = (secret) => {
      const [id] = String(secret).split('_secret_');
      return `/v1/${id.startsWith('seti_') ? 'setup' : 'payment'}_intents/${encodeURIComponent(id)}`;
    };
    const wrap = (intent) => ({ [intent.object === 'setup_intent' ? 'setupIntent' : 'paymentIntent']: intent });
    const retrieve = (secret) => request(null, 'GET', pathOf(secret), { client_secret: secret });

    /** Leads the buyer through the next action, then answers as Stripe.js does. */
    async function follow(intent) {
      if (intent.status !== 'requires_action') return wrap(intent);
      const redirect = intent.next_action?.redirect_to_url;
      if (redirect) {
        location.assign(redirect.url);
        return new Promise(() => {});
      }
      if (!(await openChallenge(intent.id))) {
        await request(null, 'POST', `/3ds/${encodeURIComponent(intent.id)}`, { answer: 'fail', frame: 1 });
      }
      const after = await retrieve(intent.client_secret);
      if (after.error) return after;
      const failed = after.body.last_payment_error ?? after.body.last_setup_error;
      if (after.body.status === 'requires_payment_method' && failed) {
        return { error: { ...failed, [after.body.object]: after.body } };
      }
      return wrap(after.body);
    }

    async function confirm({ elements, clientSecret, confirmParams = {}, redirect = 'always' }) {
      const state = states.get(elements);
      const secret = clientSecret ?? state?.options.clientSecret;
      if (elements) {
        const { error } = await elements.submit();
        if (error) return { error };
      }
      const parameters = { ...confirmParams, client_secret: secret, use_stripe_sdk: true };
      const card = state ? 'payment_method_data' : null;
      const answer = await request(state?.frame, 'POST', `${pathOf(secret)}/confirm`, parameters, card);
      if (answer.error) return answer;
      const result = await follow(answer.body);
      if (result.error || redirect === 'if_required') return result;
      const intent = result.paymentIntent ?? result.setupIntent;
      const target = new URL(confirmParams.return_url);
      target.searchParams.set(intent.object, intent.id);
      target.searchParams.set(`${intent.object}_client_secret`, intent.client_secret);
      target.searchParams.set('redirect_status', 'succeeded');
      location.assign(target);
      return new Promise(() => {});
    }

    return strict('stripe', {
      elements: makeElements,
      async createConfirmationToken({ elements, params = {} }) {
        const { frame, options } = states.get(elements);
        const parameters = { ...params, elements: settingsOf(options) };
        const answer = await request(frame, 'POST', '/v1/confirmation_tokens', parameters, 'payment_method_data');
        return answer.error ? answer : { confirmationToken: answer.body };
      },
      confirmPayment: confirm,
      confirmSetup: confirm,
      async handleNextAction({ clientSecret }) {
        const answer = await retrieve(clientSecret);
        return answer.error ? answer : follow(answer.body);
      },
      async retrievePaymentIntent(secret) {
        const answer = await retrieve(secret);
        return answer.error ? answer : wrap(answer.body);
      },
      async retrieveSetupIntent(secret) {
        const answer = await retrieve(secret);
        return answer.error ? answer : wrap(answer.body);
      },
    });
  }

  window.Stripe = makeStripe;
})();
