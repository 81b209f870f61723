import assert from 'node:assert/strict';
import { test } from 'node:test';
import { histogramsText } from './metrics.ts';

test('a histogram is written with the buckets below in each, and with the quotes of its labels escaped', () => {
  const series = [{ labels: { path: '/v1/"x', status: '200' }, counts: [2, 0, 1], sum: 3.5 }];
  assert.equal(
    histogramsText([{ name: 'tollgate_call_seconds', help: 'Calls.', bounds: [0.1, 1], series }]),
    [
      '# HELP tollgate_call_seconds Calls.',
      '# TYPE tollgate_call_seconds histogram',
      'tollgate_call_seconds_bucket{path="/v1/\\"x",status="200",le="0.1"} 2',
      'tollgate_call_seconds_bucket{path="/v1/\\"x",status="200",le="1"} 2',
      'tollgate_call_seconds_bucket{path="/v1/\\"x",status="200",le="+Inf"} 3',
      'tollgate_call_seconds_sum{path="/v1/\\"x",status="200"} 3.5',
      'tollgate_call_seconds_count{path="/v1/\\"x",status="200"} 3',
      '',
    ].join('\n'),
  );
});
