/**
 * Where the authorization endpoint and the pages send the browser to each other. They share nothing but these two
 * addresses and the stored request.
 */
export function consentPath(requestId: string): string {
  return `/consent/${requestId}`;
}

/** Where a recorded decision turns into the redirect to the app. */
export function resumePath(requestId: string): string {
  return `/oauth/resume/${requestId}`;
}
