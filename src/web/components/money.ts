const cents = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const fractions = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumSignificantDigits: 2,
});

/** An amount in words for people; below a cent with its first two digits. */
export function dollars(nanoUsd: number): string {
  const amount = nanoUsd / 1e9;
  return amount === 0 || amount >= 0.01 ? cents.format(amount) : fractions.format(amount);
}
