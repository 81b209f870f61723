import { defineProblems } from '#kernel/problem';

export const pdfProblems = defineProblems({
  pdf_busy: {
    status: 503,
    title: 'Too many documents are being made.',
    help: 'Try again in a moment, or use the page for printing.',
  },
  pdf_too_long: {
    status: 400,
    title: 'The document is too long for a PDF.',
    help: 'Use the page for printing or the download of the list.',
  },
});
