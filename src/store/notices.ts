/** How often sending a notice is tried. */
export const mostAttempts = 5;

/** In milliseconds: after the first failure so long, after the second four times so long, then nine times. */
export const firstPause = 60_000;
