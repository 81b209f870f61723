/** Master key of every test. */
export const TEST_SECRET = 'a secret that only tests know, of some length';

/** Memory of a password hash in tests: the default takes 30 ms of CPU and more for each user that a test registers. */
export const TEST_PASSWORD_MEMORY_KIB = 64;
