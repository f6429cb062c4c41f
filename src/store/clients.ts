/** What a client is at first, unless it is registered otherwise. */
export const newClient = {
  secretHash: null,
  secretMethod: null,
  registrationTokenHash: null,
  freshUntil: null,
  requiresDpop: false,
  requiresPushedRequests: false,
  paysWhenUsedUp: false,
  moderation: 'off',
  requiredModeration: 'off',
  verified: false,
  verificationToken: null,
  verificationAskedAt: null,
  domainProvenAt: null,
  status: 'active',
} as const;
