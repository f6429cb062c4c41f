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

const ceiling = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 4,
  roundingMode: 'ceil',
});

/** An amount that is not more than this. */
export function dollarsAtMost(nanoUsd: number): string {
  return `at most ${ceiling.format(nanoUsd / 1e9)}`;
}

const fine = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumFractionDigits: 4 });

/** An amount that others are compared with. */
export function fineDollars(nanoUsd: number): string {
  return nanoUsd < 1e7 ? dollars(nanoUsd) : fine.format(nanoUsd / 1e9);
}
