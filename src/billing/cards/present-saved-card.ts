/** Card on file as pages show it: last four digits and `MM/YYYY`. `exp_date` is a date, `YYYY-MM-DD`. */
export function presentSavedCard(card: { last4: string; exp_date: string }): { last4: string; exp_date: string } {
  const [year, month] = card.exp_date.split('-');
  return { last4: card.last4, exp_date: `${month}/${year}` };
}
