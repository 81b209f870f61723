import assert from 'node:assert/strict';
import { findProfileBySlug } from '#profiles';
import { startChanges } from '../support/changes.ts';
import { makeDraws } from './calendar-draws.ts';
import { command, type Course, endAll, makeCourse, moveOn } from './properties.ts';
import { checkFigures } from './property-figures.ts';
import { checkLife, checkProperties } from './property-rules.ts';

/** Share of the draws that let days pass, and their largest number. */
const MOVES = { share: 0.2, days_max: 12 };

/**
 * Gives drawn commands to a site, and checks the properties after each. Then every subscription ends, and each figure
 * is compared with a recount before and after.
 */
export async function runProperties(
  seed: number,
  length: number,
  processor: 'test' | 'stripe' = 'test',
): Promise<Course> {
  const site = await startChanges({ processor });
  const course = await makeCourse(site, makeDraws(seed));
  const { draws } = course;
  const { db } = site.app;
  try {
    const provider = await findProfileBySlug(db, 'cowork');
    assert.ok(provider);
    const check = () => checkProperties(site.app, provider.id);
    for (let index = 0; index < length; index += 1)
      if (draws.chance(MOVES.share)) {
        await moveOn(course, draws.whole(1, MOVES.days_max));
        await check();
      } else await command(course, check);
    await checkFigures(course);
    await endAll(course);
    await checkLife(db);
    await checkFigures(course);
    return course;
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}\nafter:\n${course.log.join('\n')}`, { cause: error });
  } finally {
    await site.close();
  }
}
