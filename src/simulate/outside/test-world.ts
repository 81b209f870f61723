import type { Tollgate } from '../../app.ts';
import { callSite } from '../site.ts';
import type { OutsidePayout, OutsideWorld } from './outside-world.ts';
import { test_rows } from './test-rows-store.ts';

/** The built-in test processor: its tables are those of the site. */
export function makeTestWorld(): OutsideWorld {
  let connected: Tollgate | null = null;
  const call = (method: 'GET' | 'POST', url: string, body?: object) => {
    if (!connected) throw new Error('the test processor is not connected to a site');
    return callSite(connected, { method, url, body });
  };
  return {
    config: { processor: 'test' },
    tokens: {
      good: 'tok_visa',
      other: 'tok_mastercard',
      declined: 'tok_chargeDeclinedExpiredCard',
      slow: 'tok_chargeAsyncFail',
    },
    connect(tollgate) {
      connected = tollgate;
    },
    decideCharge: (key, state) => call('POST', `/_dev/processor/charges/${key}`, { state }),
    async listPayouts() {
      const list = await call('GET', '/_dev/processor');
      // The list of the test processor has these members, newest first.
      return ((list.body['payouts'] ?? []) as OutsidePayout[]).toReversed();
    },
    decidePayout: (key, state) => call('POST', `/_dev/processor/payouts/${key}`, { state }),
    rows: () => test_rows,
    async deliver() {},
    endFaults() {},
    violations: () => [],
    async stop() {},
  };
}
