// Runs inside the emulator's frames: keeps the card fields, and calls the emulator for the page that shows the frame.
(() => {
  'use strict';
  const host = document.documentElement.dataset.origin;
  const form = document.querySelector('form');
  const inputs = form ? [...form.querySelectorAll('input')] : [];
  const INCOMPLETE = {
    number: ['incomplete_number', 'Enter your card number.'],
    expiry: ['incomplete_expiry', 'Enter the expiration date as month and year.'],
    cvc: ['incomplete_cvc', 'Enter the security code of your card.'],
  };
  const FIELDS = { number: 'number', exp_month: 'expiry', exp_year: 'expiry', cvc: 'cvc' };

  const send = (message) => parent.postMessage({ emulator: 1, ...message }, host);
  const emit = (event, value) => send({ event, value });
  const sendHeight = () => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    // A frame in a hidden part of the page has none.
    if (height > 0) emit('height', height);
  };

  function showError(name, message) {
    const input = document.getElementById(name);
    const text = document.getElementById(`${name}-error`);
    text.textContent = message;
    text.hidden = message === '';
    if (message === '') input.removeAttribute('aria-invalid');
    else input.setAttribute('aria-invalid', 'true');
    sendHeight();
  }

  /** The digits of month and year, or null while the field is incomplete. */
  function readExpiry() {
    const [, month, year] =
      /^\s*(\d{1,2})\s*\/?\s*(\d{4}|\d{2})\s*$/.exec(document.getElementById('expiry').value) ?? [];
    return month ? { month, year } : null;
  }

  function findIncomplete() {
    if (document.getElementById('number').value.trim() === '') return 'number';
    if (readExpiry() === null) return 'expiry';
    return document.getElementById('cvc').value.trim() === '' ? 'cvc' : null;
  }

  const methods = {
    /** Marks every incomplete field and moves to the first. */
    validate() {
      const first = findIncomplete();
      for (const input of inputs) showError(input.id, '');
      if (first === null) return {};
      const [code, message] = INCOMPLETE[first];
      showError(first, message);
      document.getElementById(first).focus();
      return { error: { type: 'validation_error', code, message } };
    },
    focus: () => inputs[0]?.focus(),
    blur: () => document.activeElement?.blur(),
    clear() {
      for (const input of inputs) {
        input.value = '';
        showError(input.id, '');
      }
    },
    async request({ key, account, method, path, fields, card }) {
      const target = new URL(path, location.origin);
      if (target.origin !== location.origin)
        return { error: { type: 'invalid_request_error', message: 'wrong origin' } };
      const body = new URLSearchParams(fields);
      if (card !== null && form) {
        const { month = '', year = '' } = readExpiry() ?? {};
        body.set(`${card}[type]`, 'card');
        body.set(`${card}[card][number]`, document.getElementById('number').value);
        body.set(`${card}[card][exp_month]`, month);
        body.set(`${card}[card][exp_year]`, year);
        body.set(`${card}[card][cvc]`, document.getElementById('cvc').value);
      }
      const headers = { Authorization: `Bearer ${key}`, ...(account && { 'Stripe-Account': account }) };
      if (method === 'GET') target.search = body;
      try {
        const response = await fetch(target, { method, headers, ...(method !== 'GET' && { body }) });
        const answer = (response.headers.get('content-type') ?? '').includes('json') ? await response.json() : {};
        if (!answer.error) return { body: answer };
        showCardError(answer.error);
        return { error: answer.error };
      } catch {
        return { error: { type: 'api_connection_error', message: 'The connection failed. Try again.' } };
      }
    },
  };

  function showCardError({ param, message }) {
    const field = FIELDS[String(param ?? '').replace(/^.*\[(\w+)\]$/, '$1')];
    if (!form || !field) return;
    showError(field, message);
    document.getElementById(field).focus();
  }

  window.addEventListener('message', async ({ origin, source, data }) => {
    if (origin !== host || source !== parent || data?.emulator !== 1 || !Object.hasOwn(methods, data.method)) return;
    send({ id: data.id, result: (await methods[data.method](data.args)) ?? {} });
  });
  form?.addEventListener('submit', (event) => event.preventDefault());
  form?.addEventListener('input', ({ target }) => {
    showError(target.id, '');
    const empty = inputs.every(({ value }) => value === '');
    emit('change', { complete: findIncomplete() === null, empty, collapsed: false, value: { type: 'card' } });
  });
  form?.addEventListener('focusin', () => emit('focus', {}));
  form?.addEventListener('focusout', () => emit('blur', {}));
  if (form) {
    sendHeight();
    addEventListener('resize', sendHeight);
  }
  emit('ready', {});
})();
