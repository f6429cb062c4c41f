/**
 * What an operator opens and closes: making an account without an invitation, registering an app without one (RFC 7591),
 * and apps that nobody has registered, whose id is the URL of a document about them.
 */
export type Gate = 'sign_up' | 'registration' | 'client_documents';

const openFromTheStart: ReadonlySet<Gate> = new Set(['client_documents']);

/** Whether a gate is open. @param stored what is kept of it, if anything */
export function isGateOpen(gate: Gate, stored: string | undefined): boolean {
  return stored === undefined ? openFromTheStart.has(gate) : stored === 'open';
}
