export {
  type ConvertedPayments,
  findConvertedPayments,
  findSubjectIncomes,
  lockSubjects,
  subjectsLock,
  type SubjectIncome,
  subjectPostings,
  subjectSumColumns,
} from './subject-income-store.ts';
export { findUnpaidIncome, unpaidIncome, type UnpaidIncome } from './unpaid-income-store.ts';
