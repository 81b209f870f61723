/** Code of a system or parser error, such as `ECONNRESET`; '' when it has none. */
export function codeOfError(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
