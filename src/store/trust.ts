/** How many people at once can connect an app that no operator has vouched for; its owner and test grants do not count. */
export const unverifiedUserLimit = 10;
