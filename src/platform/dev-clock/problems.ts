import { defineProblems } from '#kernel/problem';

export const clockProblems = defineProblems({
  clock_moving: {
    status: 409,
    title: 'The clock is moving.',
    help: 'Wait until the move is done, or cancel it.',
  },
});
