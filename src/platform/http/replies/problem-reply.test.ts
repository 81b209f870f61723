import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonProblems, invalidInput } from '#kernel/problem';
import { problemBody, toProblem } from './problem-reply.ts';

test('the response to a bug does not contain its cause', () => {
  const problem = toProblem(new Error('password=hunter2'));
  assert.deepEqual([problem.status, problem.code], [500, 'internal_error']);
  assert.doesNotMatch(JSON.stringify(problemBody(problem)), /hunter2/);
});

test('a thrown value that is not an error is a bug', () => {
  assert.equal(toProblem(undefined).code, 'internal_error');
  assert.equal(toProblem('text').code, 'internal_error');
});

test('a lost database connection is database_unavailable', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  assert.deepEqual([toProblem(refused).status, toProblem(refused).code], [503, 'database_unavailable']);
});

test('invalid fields are members beside the code, nested as in the request', () => {
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

test('a refusal names the page that resolves it, if there is one', () => {
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

test('a caller that disconnects during the body is not reported as a database failure', () => {
  const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET' }); // the error that node:http emits on the request
  assert.equal(toProblem(aborted).code, 'malformed_body');
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  assert.equal(toProblem(reset).code, 'database_unavailable');
});
