import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonProblems, invalidInput } from '#kernel/problem';
import { problemBody, toProblem } from './problem-reply.ts';

test('a bug is answered without a word about its cause', () => {
  const problem = toProblem(new Error('password=hunter2'));
  assert.deepEqual([problem.status, problem.code], [500, 'internal_error']);
  assert.doesNotMatch(JSON.stringify(problemBody(problem)), /hunter2/);
});

test('what is no error at all is a bug too', () => {
  assert.equal(toProblem(undefined).code, 'internal_error');
  assert.equal(toProblem('text').code, 'internal_error');
});

test('a lost connection is the database’s absence, whatever asked', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  assert.deepEqual([toProblem(refused).status, toProblem(refused).code], [503, 'database_unavailable']);
});

test('fields at fault stand beside the code, nested as they were sent', () => {
  const problem = invalidInput({ 'profile.email': ['Enter an e-mail address.'], title: ['This field is required.'] });
  assert.deepEqual(problemBody(problem), {
    profile: { email: ['Enter an e-mail address.'] },
    title: ['This field is required.'],
    code: 'invalid_input',
  });
});

test('a field name cannot reach the prototype', () => {
  const body = problemBody(invalidInput({ '__proto__.polluted': ['x'] }));
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  assert.equal(body['code'], 'invalid_input');
});

test('a refusal says what mends it, when something does', () => {
  assert.deepEqual(
    problemBody(commonProblems.permission_denied({ location: '/login/', members: { role: 'manager' } })),
    {
      detail: 'You do not have permission to perform this action.',
      code: 'permission_denied',
      location: '/login/',
      role: 'manager',
    },
  );
  assert.deepEqual(problemBody(commonProblems.not_found()), { detail: 'Not found.', code: 'not_found' });
});

test('a caller who leaves in the middle of a body raises no alarm about the database', () => {
  const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET' }); // as node:http emits it on the request
  assert.equal(toProblem(aborted).code, 'malformed_body');
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  assert.equal(toProblem(reset).code, 'database_unavailable');
});
