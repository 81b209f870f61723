// Submits forms marked `data-in-place` without leaving the page, and replaces the elements marked `data-refresh`
// by those of the response. Other forms of the page keep their input: a card number survives a discount code.
// A form with `data-in-place="pay"` that is refused gets the errors of the response and keeps everything typed.
// A form with `data-submit-on-change` is submitted when a choice changes. Without scripts the same forms reload the page.
const parser = new DOMParser();

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches('[data-in-place]')) return;
  // The response leads to another site, which a script must not load.
  if (event.submitter?.matches('[data-whole-page]')) return;
  event.preventDefault();
  send(form, event.submitter);
});

document.addEventListener('change', ({ target }) => {
  const form = target instanceof HTMLInputElement ? target.form : null;
  if (form?.matches('[data-submit-on-change]')) send(form, null);
});

let is_busy = false;

async function send(form, submitter) {
  if (is_busy) return; // a second submit of the same page is ignored
  is_busy = true;
  submitter?.setAttribute('aria-disabled', 'true');
  try {
    await submitInPlace(form, submitter);
  } catch {
    form.submit();
  } finally {
    is_busy = false;
    submitter?.removeAttribute('aria-disabled');
  }
}

async function submitInPlace(form, submitter) {
  // `form.action` would be the field of that name.
  const response = await fetch(form.getAttribute('action') ?? location.href, {
    method: 'POST',
    headers: { accept: 'text/html' },
    credentials: 'same-origin',
    body: new URLSearchParams(new FormData(form, submitter)),
  });
  if (response.redirected) {
    location.assign(response.url);
    return;
  }
  const page = parser.parseFromString(await response.text(), 'text/html');
  const leave = page.querySelector('a[data-leave]');
  if (leave !== null) {
    location.assign(leave.href);
    return;
  }
  const focused = document.activeElement?.id ?? '';
  // A code is sent with the payment, and applied before anything is paid.
  const has_code = (form.elements.namedItem('code')?.value ?? '') !== '';
  const is_payment = form.dataset.inPlace === 'pay' && submitter?.value !== 'redeem' && !has_code;
  const refused = page.getElementById('payment');
  const current = [...document.querySelectorAll('[data-refresh]')].filter(
    (element) => !is_payment || !element.closest('#payment'),
  );
  const next = current.map((element) => page.getElementById(element.id));
  // A page of another shape, such as an order that has become free: load it as a whole.
  if (next.includes(null) || hasSecrets(page) !== hasSecrets(document) || (is_payment && refused === null)) {
    location.reload();
    return;
  }
  current.forEach((element, index) => element.replaceWith(next[index]));
  if (is_payment) {
    showRefusal(refused);
    return;
  }
  const target = focused === '' ? null : document.getElementById(focused);
  (target ?? document.getElementById('id_code'))?.focus();
}

/** Replaces the payment by that of a refusal, with the values that were typed; secrets never come from the server. */
function showRefusal(refused) {
  const payment = document.getElementById('payment');
  for (const input of payment.querySelectorAll('input:not([type=hidden])')) {
    const same = [...refused.querySelectorAll('input')].find(
      ({ name, type, value }) => name === input.name && (type !== 'radio' || value === input.value),
    );
    if (!same) continue;
    if (input.type !== 'radio' && input.type !== 'checkbox') same.value = input.value;
    else if (input.type === 'checkbox') same.checked = input.checked;
  }
  payment.replaceWith(refused);
  refused.querySelector('[role=alert]')?.focus();
}

function hasSecrets(page) {
  return page.querySelector('#id_card_number, tg-card-element') !== null;
}
