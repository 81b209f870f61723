// Custom elements of the pages, bundled into `static/js/kit.js`. Every page works without them.
import { CardElement } from './card-element.ts';
import { ChartReadout } from './chart-readout.ts';
import { ClockSlider } from './clock-slider.ts';
import { CopyButton } from './copy-button.ts';
import { ListSearch } from './list-search.ts';
import { openConfirmations } from './confirm-dialog.ts';
import { ReorderRows } from './reorder-rows.ts';
import { Savebar } from './savebar.ts';
import { Toast } from './toast.ts';
import { Typeahead } from './typeahead.ts';

customElements.define('tg-card-element', CardElement);
customElements.define('tg-chart-readout', ChartReadout);
customElements.define('tg-clock-slider', ClockSlider);
customElements.define('tg-copy-button', CopyButton);
customElements.define('tg-list-search', ListSearch);
customElements.define('tg-reorder-rows', ReorderRows);
customElements.define('tg-toast', Toast);
customElements.define('tg-savebar', Savebar);
customElements.define('tg-typeahead', Typeahead);
openConfirmations(document);
