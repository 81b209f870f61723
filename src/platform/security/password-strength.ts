import type { ZxcvbnFactory } from '@zxcvbn-ts/core';

/** Number of first characters that are checked; bounds the time of one check to about 0.1 s. */
const JUDGED_LENGTH_MAX = 32;
/** Guesses below which a password is weak: the lower bound of the library's score 2. */
const GUESSES_MIN = 1e6;
/** The same without the digits and signs at the end: `Summer` in `Summer2026!`. */
const BASE_GUESSES_MIN = 1e4;

let loading: Promise<ZxcvbnFactory> | undefined;

/**
 * True if a program finds the password early: a common password, a word with a year, a keyboard run, a repetition, or
 * one made of `known_words`, such as the name of the user.
 */
export async function isEasyToGuess(password: string, known_words: readonly string[]): Promise<boolean> {
  const estimator = await (loading ??= loadEstimator());
  const guessesOf = (text: string) => estimator.check(text, [...known_words]).guesses;
  if (guessesOf(password) < GUESSES_MIN) return true;
  const base = password.replace(/[^\p{L}]+$/u, '');
  return base !== '' && base !== password && guessesOf(base) < BASE_GUESSES_MIN;
}

/** Loads the dictionaries when the first password is set: loading takes half a second. */
async function loadEstimator(): Promise<ZxcvbnFactory> {
  const [core, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ]);
  // Excludes 90,000 family names; the name of the user is among the known words.
  const { 'lastnames-en': _lastnames, ...words } = english.dictionary;
  return new core.ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...words },
    graphs: common.adjacencyGraphs,
    maxLength: JUDGED_LENGTH_MAX,
    l33tMaxSubstitutions: 10,
  });
}
