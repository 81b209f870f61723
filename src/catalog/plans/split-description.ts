/** Splits a description: lines that begin with `-`, `*` or `•` are features. */
export function splitDescription(description: string): { lead: string; features: string[] } {
  const lines = description.split(/\r?\n/).map((line) => line.trim());
  const marked = /^[-*•]\s+/;
  return {
    lead: lines.filter((line) => line !== '' && !marked.test(line)).join('\n'),
    features: lines.filter((line) => marked.test(line)).map((line) => line.replace(marked, '')),
  };
}
