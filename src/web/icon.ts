/** A coat hanger, drawn as one line in a square of 24. */
export const hanger =
  'M12 8.4V7.6c1.5-.3 2.5-1.4 2.5-2.8a2.5 2.5 0 0 0-5 0M12 8.4l8.9 7.1c1.1.9.5 2.6-.9 2.6H4c-1.4 0-2-1.7-.9-2.6z';

/** The browser tab's picture: the hanger in the accent colour. */
export const iconSvg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="${hanger}" fill="none" stroke="#12897b" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
