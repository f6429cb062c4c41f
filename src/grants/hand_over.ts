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

/** Where a person types the code that a device shows. */
export const devicePath = '/device';

/** Where a decision about a device ends. */
export const deviceDonePath = `${devicePath}/done`;
