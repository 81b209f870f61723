/** Master key of every test. */
export const TEST_SECRET = 'a secret that only tests know, of some length';
