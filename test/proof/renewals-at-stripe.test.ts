import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { killAtPoints, overtakeAtPoints, type RenewalScene, renewalWork, startScene } from './renewals-at-stripe.ts';

/** Every second point, from the first or the second one by the seed. */
const step = 2;
const first = Number(process.env['PROOF_SEED'] ?? 20_261_127) % step;

async function inScene(work: (scene: RenewalScene) => Promise<number>): Promise<number> {
  const scene = await startScene();
  try {
    return await work(scene);
  } finally {
    await scene.close();
  }
}

describe('a renewal is paid once', () => {
  for (const work of renewalWork) {
    test(`${work.name} is killed at an await`, async () => {
      const points = await inScene((scene) => killAtPoints(scene, work, { first }));
      assert.ok(points > 3, `${points} points`);
    });
    for (const other of work.others)
      test(`${work.name} is overtaken by ${other.name}`, async () => {
        const points = await inScene((scene) => overtakeAtPoints(scene, work, other, { first, step }));
        assert.ok(points > 5, `${points} points`);
      });
  }
});
