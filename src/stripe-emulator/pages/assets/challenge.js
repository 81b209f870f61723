// Runs in the page of the issuer when a payment page shows it in a dialog. The messages contain nothing that is secret.
(() => {
  'use strict';
  const send = (event) => parent.postMessage({ emulator: 1, event }, '*');
  if (document.querySelector('[data-answered]')) send('answered');
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') send('escape');
  });
})();
