// Submits forms marked `data-in-place` without leaving the page, and replaces the elements marked `data-refresh`
// by those of the response. Other forms of the page keep their input: a card number survives a discount code.
// Without scripts the same forms reload the page; pages with secret fields show them only with scripts.
const parser = new DOMParser();

for (const element of document.querySelectorAll('[data-with-scripts]')) element.hidden = false;

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches('[data-in-place]')) return;
  event.preventDefault();
  submitInPlace(form).catch(() => form.submit());
});

async function submitInPlace(form) {
  // `form.action` would be the field of that name.
  const response = await fetch(form.getAttribute('action') ?? location.href, {
    method: 'POST',
    headers: { accept: 'text/html' },
    credentials: 'same-origin',
    body: new URLSearchParams(new FormData(form)),
  });
  if (response.redirected) {
    location.assign(response.url);
    return;
  }
  const page = parser.parseFromString(await response.text(), 'text/html');
  const current = [...document.querySelectorAll('[data-refresh]')];
  const next = current.map((element) => page.getElementById(element.id));
  // A page of another shape, such as an order that has become free: load it as a whole.
  if (next.includes(null) || hasSecrets(page) !== hasSecrets(document)) {
    location.reload();
    return;
  }
  current.forEach((element, index) => element.replaceWith(next[index]));
  for (const element of document.querySelectorAll('[data-with-scripts]')) element.hidden = false;
  document.getElementById('id_code')?.focus();
}

function hasSecrets(page) {
  return page.getElementById('id_card_number') !== null;
}
